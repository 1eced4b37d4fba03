"""How photos and recordings are named in the bucket: by their case, then by their content.

`cases/<case code>/<original|public|thumbnail>/<SHA-256 of the original>[.suffix]`. Writing an
object twice is harmless, and removing the media of one case can never touch another's, even when
two people sent the same file. Documents keep names, never URLs: URLs expire.
"""

import re

_CASE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OBJECT = re.compile(r"cases/([A-Za-z0-9_-]{1,64})/", re.ASCII)
_SUFFIX = re.compile(r"[a-z0-9]{1,8}", re.ASCII)


def case_prefix(case: str) -> str:
    """Return the beginning of the names of all objects of a case; `case` is its code."""
    if not _CASE.fullmatch(case):
        raise ValueError(f"not a case code: {case!r}")
    return f"cases/{case}/"


def original_name(case: str, sha256: str) -> str:
    """Return the name of a sealed original: as it was sent, never shown to the public."""
    return _name(case, "original", sha256)


def public_name(case: str, sha256: str, suffix: str) -> str:
    """Return the name of the copy for other eyes; `sha256` is the original's."""
    return _name(case, "public", sha256, suffix)


def thumbnail_name(case: str, sha256: str) -> str:
    """Return the name of the small picture; `sha256` is the original's."""
    return _name(case, "thumbnail", sha256, "jpg")


def _name(case: str, kind: str, sha256: str, suffix: str | None = None) -> str:
    if not _SHA256.fullmatch(sha256) or (suffix is not None and not _SUFFIX.fullmatch(suffix)):
        raise ValueError(f"not the name of an object: {sha256!r} {suffix!r}")
    return f"{case_prefix(case)}{kind}/{sha256}" + (f".{suffix}" if suffix else "")


def case_of(name: str) -> str | None:
    """Return the case that an object belongs to; None for a foreign object."""
    match = _OBJECT.match(name)
    return match[1] if match else None
