"""The archive of evidence: inspects what arrived, keeps originals sealed and copies for others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.report import MediaIn, Position
from services.intake.evidence import Evidence, EvidenceLimits, EvidenceRefused, InspectionPool
from services.intake.submission import Upload, refused_evidence
from shared.errors import OutageError
from shared.health import TRIAL_EVERY_S, seldom
from shared.media import MediaStore
from shared.media_names import original_name, public_name, thumbnail_name
from shared.vocabulary import CaseCode

WAITING_PER_WORKER = 16  # inspections that queue; more are told that we are busy


class Variant(StrEnum):
    """Which form of a piece of evidence."""

    ORIGINAL = "original"
    PUBLIC = "public"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True)
class Item:
    """One file of a report: as it came, as it was found to be, and where it is kept.

    Attributes:
        id: `m1`, `m2`, … in the report's order.
        upload: What was received.
        evidence: What decoding found.
        told: What the client said of it; a phone's browser strips EXIF before it sends.
    """

    id: str
    upload: Upload
    evidence: Evidence
    told: MediaIn | None

    @property
    def position(self) -> Position | None:
        """Where it was taken, by its own EXIF."""
        if self.evidence.lat is None or self.evidence.lon is None:
            return None
        return Position(self.evidence.lat, self.evidence.lon, "exif")

    @property
    def captured_at(self) -> datetime | None:
        """When it was taken: by the file itself, else by the client's manifest."""
        return self.evidence.captured_at or (self.told.captured_at if self.told else None)

    def objects(self, code: CaseCode) -> dict[Variant, tuple[str, str]]:
        """Return the object's name and media type per variant."""
        digest, found = self.upload.sha256, self.evidence
        kept = {
            Variant.ORIGINAL: (original_name(code, digest), found.media_type),
            Variant.PUBLIC: (public_name(code, digest, found.public_suffix), found.public_type),
        }
        if found.thumbnail is not None:
            kept[Variant.THUMBNAIL] = (thumbnail_name(code, digest), "image/jpeg")
        return kept

    def content(self, variant: Variant) -> Any:
        """Return a variant's bytes, or the path of the original's."""
        match variant:
            case Variant.ORIGINAL:
                return self.upload.path
            case Variant.PUBLIC:
                return self.evidence.public
            case Variant.THUMBNAIL:
                return self.evidence.thumbnail

    def record(self, code: CaseCode) -> dict[str, Any]:
        """Return what the case remembers of it: object names, never URLs, since URLs expire."""
        found = self.evidence
        sizes = {
            Variant.ORIGINAL: found.size_bytes,
            Variant.PUBLIC: len(found.public),
            Variant.THUMBNAIL: len(found.thumbnail or b""),
        }
        return {
            "id": self.id,
            "kind": found.kind.value,
            "name": self.upload.name,
            "media_type": found.media_type,
            "size_bytes": found.size_bytes,
            "sha256": self.upload.sha256,
            "width_px": found.width_px,
            "height_px": found.height_px,
            "duration_ms": found.duration_ms,
            "captured_at": self.captured_at,
            "lat": found.lat,
            "lon": found.lon,
            "told": self.told.model_dump(mode="json") if self.told else None,
            "variants": {
                variant.value: {
                    "object": name,
                    "media_type": media_type,
                    "suffix": name.rpartition(".")[2] if variant is not Variant.ORIGINAL else "bin",
                    "size_bytes": sizes[variant],
                }
                for variant, (name, media_type) in self.objects(code).items()
            },
        }


class Archive:
    """Evidence on its way in and out.

    Args:
        media: The bucket.
        limits: How much is taken.
        zone: Of a photo's time that carries no offset.
        workers: Processes that decode; each holds a core and up to 300 MB for the largest
            pictures.
    """

    def __init__(
        self, media: MediaStore, limits: EvidenceLimits, *, zone: ZoneInfo, workers: int
    ) -> None:
        self._media = media
        self._pool = InspectionPool(limits, zone=zone.key, workers=workers)
        self._most = workers * WAITING_PER_WORKER
        self._waiting = 0
        self._opening: asyncio.Task[None] | None = None
        self._has_room = seldom(media.takes_objects, TRIAL_EVERY_S)

    async def start(self) -> None:
        """Create the bucket in the background, for as long as it takes."""
        self._opening = asyncio.create_task(self._open())

    async def stop(self) -> None:
        """Give processes, threads and connections back."""
        if self._opening:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        await self._pool.close()
        self._media.close()

    async def check(self) -> None:
        """Check that the bucket answers, and now and then that it still takes objects.

        Raises:
            OutageError: it does not.
        """
        if not await self._media.is_healthy():
            raise OutageError("the media store does not answer")
        await self._has_room()

    async def inspect(self, uploads: Sequence[Upload], told: Sequence[MediaIn]) -> list[Item]:
        """Decode every file; they are numbered from 1.

        Raises:
            SubmissionRefused: one of them is not evidence; the field says which.
            OutageError: too many files are waiting to be decoded, or there is no bucket to keep
                them in: that is said before the work, and in the time of an answer.
        """
        if not uploads:
            return []
        await self._media.awake()
        if self._waiting + len(uploads) > self._most:
            raise OutageError("too many files are waiting to be looked at")
        self._waiting += len(uploads)
        try:
            found = await asyncio.gather(
                *(self._decode(index, upload) for index, upload in enumerate(uploads))
            )
        finally:
            self._waiting -= len(uploads)
        return [
            Item(f"m{index}", upload, evidence, _manifest(upload, told, index))
            for index, (upload, evidence) in enumerate(zip(uploads, found, strict=True), 1)
        ]

    async def keep(self, code: CaseCode, items: Sequence[Item]) -> None:
        """Write every variant of every item; all of them are durable on return.

        Raises:
            OutageError: one of them is not known to be.
        """
        await asyncio.gather(
            *(
                self._media.put(name, item.content(variant), media_type)
                for item in items
                for variant, (name, media_type) in item.objects(code).items()
            )
        )

    async def discard(self, code: CaseCode, items: Sequence[Item]) -> None:
        """Remove what was kept for a case that was not opened."""
        if items:
            await self._media.remove_case(code)

    async def read(self, name: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Return the bytes of an object from `start` on.

        Raises:
            OutageError: the object, or the bucket, is away.
        """
        download = await self._media.fetch(name, offset=start, length=length)
        if download is None:
            raise OutageError("an object of a case is missing from the media store")
        return aiter(download)

    async def _decode(self, index: int, upload: Upload) -> Evidence:
        try:
            return await self._pool.inspect(upload.path)
        except EvidenceRefused as error:
            raise refused_evidence(error, index) from error

    async def _open(self) -> None:
        while True:
            try:
                await self._media.ensure_bucket()
            except OutageError:
                continue
            return


def _manifest(upload: Upload, told: Sequence[MediaIn], index: int) -> MediaIn | None:
    """Return what the client said of this file: by its hash, its name, or its place in the list."""
    for each in told:
        if each.sha256 and each.sha256.lower() == upload.sha256:
            return each
    named = [each for each in told if each.name and each.name == upload.name and not each.sha256]
    if len(named) == 1:
        return named[0]
    at_place = told[index] if index < len(told) else None
    return at_place if at_place and not at_place.sha256 and not at_place.name else None
