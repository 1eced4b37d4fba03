"""The package maker: one ZIP, always the same bytes for the same consent and content. Pure.

It holds `summary.html` and `summary.json`, the files under `media/`, and `SHA256SUMS`, by which
`sha256sum -c` proves each of them. Nothing is compressed and no clock is asked, so that its hash
says what was handed out, whatever made it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import orjson

from services.intake.disclosures.content import file_view, summary, watermark
from services.intake.disclosures.model import Disclosure, Grant, Package
from services.intake.disclosures.page import page
from services.intake.domain.rules import Rules
from services.intake.store import StoredCase
from shared.identity import Reporter
from shared.vocabulary import MediaKind

UNIX, OWNER_READS = 3, 0o400


@dataclass(frozen=True)
class Copy:
    """A file of the case as it lies in the archive, without metadata."""

    item: Mapping[str, Any]
    body: bytes


@dataclass(frozen=True)
class Contents:
    """All that a package is made of."""

    disclosure: Disclosure
    grant: Grant
    stored: StoredCase
    rules: Rules
    copies: Sequence[Copy]
    reporter: Reporter | None


def pack(contents: Contents) -> Package:
    """Return the package; pictures are decoded and encoded anew, so this takes a core's time."""
    grant, rules = contents.grant, contents.rules
    words = watermark(contents.disclosure, grant, rules)
    mark = contents.disclosure.id
    media = {file_name(copy.item, mark): marked_copy(copy, words) for copy in contents.copies}
    views = [
        file_view(copy.item, name, _sha256(body), rules)
        for copy, (name, body) in zip(contents.copies, media.items(), strict=True)
    ]
    told = summary(
        contents.disclosure,
        grant,
        contents.stored,
        rules=rules,
        reporter=contents.reporter,
        files=views,
    )
    files = {
        "summary.html": page(told).encode(),
        "summary.json": orjson.dumps(told, option=orjson.OPT_INDENT_2),
        **media,
    }
    sums = "".join(f"{_sha256(body)}  {name}\n" for name, body in files.items())
    at = grant.at.astimezone(rules.calendar.zone)
    body = _zip({**files, "SHA256SUMS": sums.encode()}, at)
    return Package(f"{contents.disclosure.code}-{contents.disclosure.id}.zip", body, _sha256(body))


def marked_copy(copy: Copy, words: str) -> bytes:
    """Return a picture with its mark; sound has no place for words, its file's name is its mark."""
    if copy.item["kind"] == MediaKind.IMAGE.value:
        # the only pictures that intake itself decodes, a few in a month: Pillow can wait for them
        from services.intake.disclosures.picture import marked  # noqa: PLC0415

        return marked(copy.body, words)
    return copy.body


def file_name(item: Mapping[str, Any], mark: str) -> str:
    """Return what a file is called in the package of a disclosure, whose id is its mark."""
    return f"media/{item['id']}-{mark}.{item['variants']['public']['suffix']}"


def _zip(files: Mapping[str, bytes], at: datetime) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for name, body in files.items():
            info = ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
            info.create_system = UNIX
            info.external_attr = OWNER_READS << 16
            archive.writestr(info, body)
    return out.getvalue()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
