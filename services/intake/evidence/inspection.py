"""The inspection itself: what a file is, by decoding it. Runs in a worker process, never in intake.

The decoders are C libraries, which a hostile file may crash or fill the memory with; `pool.py`
bounds both and outlives them.
"""

from datetime import tzinfo
from pathlib import Path

from .audio import read_audio
from .headers import HEIC, JPEG, PNG, WEBP, media_type_of
from .heif_image import read_heif_image
from .image import read_image
from .model import Evidence, EvidenceLimits, EvidenceRefused, Reason

HEAD_BYTES = 64


def inspect(source: Path | bytes, limits: EvidenceLimits, *, zone: tzinfo) -> Evidence:
    """Say what a file is, where and when it was made, and make the copies that others may see.

    Neither its name nor its declared type is asked. Takes CPU time (a 12 MP photo about 0.1 s) and
    up to 300 MB for the largest pictures.

    Args:
        source: The file or its content.
        limits: Bytes, pixels and seconds.
        zone: The zone of a photo's time that carries no offset.

    Raises:
        EvidenceRefused: with a stable code and what to do, in Vietnamese and English.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > limits.file_bytes:
        raise EvidenceRefused(Reason.TOO_LARGE, limit=limits.file_bytes / 2**20)
    data = source if isinstance(source, bytes) else source.read_bytes()
    if not data:
        raise EvidenceRefused(Reason.EMPTY)
    media_type = media_type_of(data[:HEAD_BYTES])
    if media_type in (JPEG, PNG, WEBP):
        return read_image(data, media_type, limits, zone)
    if media_type == HEIC:
        return read_heif_image(data, limits, zone)
    return read_audio(data, media_type, limits)
