"""What intake and a worker say to each other: a line of JSON, and bytes behind it.

Never pickle: a worker that a file has taken over must not be able to run anything in intake.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from shared.vocabulary import MediaKind

from .model import SUFFIXES, Evidence, EvidenceLimits, EvidenceRefused, Reason

MAX_LINE_BYTES = 16 * 2**10
_BLOBS = ("public", "thumbnail")
_FIELDS = {each.name for each in fields(Evidence)} - set(_BLOBS)


@dataclass(frozen=True)
class Verdict:
    """The first line of an answer.

    Attributes:
        found: The fields of the evidence but for its copies; None when it was refused.
        refused: Why, when it was.
        sizes: Bytes of the public copy and of the thumbnail, which follow the line.
        peak_bytes: The most memory that the worker held for this file.
        cpu_s: What this file took.
    """

    found: dict[str, Any] | None
    refused: EvidenceRefused | None
    sizes: tuple[int, int | None]
    peak_bytes: int
    cpu_s: float


def question(path: Path, limits: EvidenceLimits, zone: str) -> bytes:
    """Return the line that asks for the inspection of a file."""
    return orjson.dumps({"path": str(path), "limits": asdict(limits), "zone": zone}) + b"\n"


def asked(line: bytes) -> tuple[Path, EvidenceLimits, str]:
    """Return what a line asks for."""
    said = orjson.loads(line)
    return Path(said["path"]), EvidenceLimits(**said["limits"]), said["zone"]


def answer(found: Evidence | EvidenceRefused, *, peak_bytes: int, cpu_s: float) -> list[bytes]:
    """Return the line and the bytes that tell what was found."""
    cost = {"peak_bytes": peak_bytes, "cpu_s": cpu_s}
    if isinstance(found, EvidenceRefused):
        said = {"refused": found.reason.name, "limit": found.limit, **cost}
        return [orjson.dumps(said) + b"\n"]
    plain = {name: getattr(found, name) for name in _FIELDS}
    thumbnail = found.thumbnail
    sizes = [len(found.public), None if thumbnail is None else len(thumbnail)]
    said = {"found": plain, "sizes": sizes, **cost}
    return [orjson.dumps(said) + b"\n", found.public, thumbnail or b""]


def verdict(line: bytes, limits: EvidenceLimits) -> Verdict:
    """Return what an answer's first line says.

    Raises:
        ValueError, KeyError, TypeError: a worker of ours says no such thing.
    """
    said = orjson.loads(line)
    peak, cpu_s = int(said["peak_bytes"]), float(said["cpu_s"])
    if "refused" in said:
        refused = EvidenceRefused(Reason[said["refused"]], limit=float(said["limit"]))
        return Verdict(None, refused, (0, None), peak, cpu_s)
    public, thumbnail = said["sizes"]
    # a copy packs the same sound anew, or is a JPEG of at most 2,048 px: never twice the original
    if not 0 <= public + (thumbnail or 0) <= 2 * limits.file_bytes:
        raise ValueError("copies of an impossible size")
    return Verdict(said["found"], None, (int(public), thumbnail), peak, cpu_s)


def evidence(found: dict[str, Any], public: bytes, thumbnail: bytes | None) -> Evidence:
    """Return the evidence that a worker found.

    Raises:
        ValueError, KeyError, TypeError: a worker of ours says no such thing.
    """
    if set(found) != _FIELDS or found["public_type"] not in SUFFIXES:
        raise ValueError("not evidence")
    at = found["captured_at"]
    plain: dict[str, Any] = {
        **found,
        "kind": MediaKind(found["kind"]),
        "captured_at": datetime.fromisoformat(at) if at else None,
    }
    return Evidence(**plain, public=public, thumbnail=thumbnail)
