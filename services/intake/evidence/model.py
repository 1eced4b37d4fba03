"""What evidence is, how much of it is taken, and the sentences with which it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from shared.errors import CivicError
from shared.vocabulary import MediaKind

SUFFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "audio/mp4": "m4a",
        "audio/mpeg": "mp3",
        "audio/webm": "webm",
        "audio/wav": "wav",
        "audio/flac": "flac",
    }
)


@dataclass(frozen=True)
class EvidenceLimits:
    """How much one report may bring; checked while it is read, not afterwards."""

    files: int = 10
    file_bytes: int = 20 * 2**20
    total_bytes: int = 60 * 2**20  # ten photos of a phone as they are, about 5 MB each
    json_bytes: int = 64 * 2**10
    pixels: int = 50_000_000  # the 48 MP sensor of today's phones, and a little
    audio_s: int = 300
    read_timeout_s: float = 120.0  # 60 MB over a poor mobile line of 4 Mbit/s


@dataclass(frozen=True)
class Evidence:
    """A photo or a recording that was decoded from the first to the last byte.

    Attributes:
        kind: Image or audio, by decoding.
        media_type: The type of the original, by decoding; never the declared one.
        size_bytes: Length of the original.
        public: The copy for other eyes: encoded anew, upright, without any metadata.
        public_type: Media type of `public`.
        thumbnail: A JPEG of at most 320 px; images only.
        width_px: Of the original, upright; images only.
        height_px: Of the original, upright; images only.
        duration_ms: Decoded sound, not what the header claims; audio only.
        captured_at: UTC, where the file says so plausibly.
        lat: WGS 84 degrees, north positive; present together with `lon`.
        lon: WGS 84 degrees, east positive.
        altitude_m: Metres above sea level.
        accuracy_m: Radius of the position's error in metres.
    """

    kind: MediaKind
    media_type: str
    size_bytes: int
    public: bytes = field(repr=False)
    public_type: str
    thumbnail: bytes | None = field(default=None, repr=False)
    width_px: int | None = None
    height_px: int | None = None
    duration_ms: int | None = None
    captured_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None

    @property
    def public_suffix(self) -> str:
        """The file name suffix of the public copy, without a dot."""
        return SUFFIXES[self.public_type]


class Reason(Enum):
    """Why evidence is refused: a stable code, and what to do about it in Vietnamese and English."""

    EMPTY = (
        "empty",
        "Tệp trống. Vui lòng chọn lại ảnh hoặc ghi âm lại.",
        "The file is empty. Please choose the photo again or record again.",
    )
    TOO_LARGE = (
        "too_large",
        "Tệp lớn hơn {limit} MB. Vui lòng gửi tệp nhỏ hơn.",
        "The file is larger than {limit} MB. Please send a smaller one.",
    )
    NOT_MEDIA = (
        "not_media",
        (
            "Nội dung tệp không phải ảnh hay âm thanh. Vui lòng gửi ảnh JPEG, HEIC, PNG, WebP "
            "hoặc bản ghi âm M4A, MP3, OGG, WebM, WAV, 3GP."
        ),
        (
            "The content is neither a photo nor sound. Please send a JPEG, HEIC, PNG or WebP "
            "photo, or an M4A, MP3, OGG, WebM, WAV or 3GP recording."
        ),
    )
    UNSUPPORTED_TYPE = (
        "unsupported_type",
        (
            "Định dạng này chưa được hỗ trợ. Vui lòng gửi ảnh JPEG, HEIC, PNG, WebP "
            "hoặc bản ghi âm M4A, MP3, OGG, WebM, WAV, 3GP."
        ),
        (
            "This format is not supported. Please send a JPEG, HEIC, PNG or WebP photo, "
            "or an M4A, MP3, OGG, WebM, WAV or 3GP recording."
        ),
    )
    AVIF = (
        "unsupported_type",
        (
            "Chưa đọc được ảnh AVIF và loại HEIC này. Vui lòng gửi ảnh JPEG (trên iPhone: Cài đặt, "
            "Camera, Định dạng, Tương thích nhất)."
        ),
        (
            "AVIF photos and this kind of HEIC cannot be read. Please send a JPEG (on an iPhone: "
            "Settings, Camera, Formats, Most Compatible)."
        ),
    )
    VIDEO = (
        "unsupported_type",
        "Tệp có hình động. Hiện chỉ nhận ảnh và âm thanh, vui lòng gửi ảnh chụp hoặc bản ghi âm.",
        "The file holds a video. Only photos and sound are taken; please send those.",
    )
    ANIMATED = (
        "animated",
        "Ảnh động không được nhận làm bằng chứng. Vui lòng gửi ảnh chụp hiện trường.",
        "Animated pictures are not taken as evidence. Please send a photo of the scene.",
    )
    TRUNCATED = (
        "truncated",
        "Tệp bị cắt ngang, có thể do mất mạng khi gửi. Vui lòng gửi lại.",
        "The file is cut off, perhaps because the connection broke. Please send it again.",
    )
    CORRUPT = (
        "corrupt",
        "Tệp bị hỏng, không đọc được. Vui lòng chụp hoặc ghi âm lại.",
        "The file is damaged and cannot be read. Please take the photo or recording again.",
    )
    TOO_MANY_PIXELS = (
        "too_many_pixels",
        "Ảnh lớn hơn {limit} triệu điểm ảnh. Vui lòng gửi ảnh nhỏ hơn.",
        "The picture has more than {limit} million pixels. Please send a smaller one.",
    )
    TOO_WIDE = (
        "too_many_pixels",
        "Một cạnh của ảnh dài hơn {limit} điểm ảnh. Vui lòng gửi ảnh nhỏ hơn.",
        "One side of the picture is longer than {limit} pixels. Please send a smaller one.",
    )
    TOO_LONG = (
        "too_long",
        "Bản ghi âm dài hơn {limit} giây. Vui lòng gửi bản ngắn hơn.",
        "The recording is longer than {limit} seconds. Please send a shorter one.",
    )


class EvidenceRefused(CivicError):  # noqa: N818 - a verdict on the file, not a failure of ours
    """The file is not evidence; `code` is stable, the details say what to do next."""

    def __init__(self, reason: Reason, *, limit: float = 0) -> None:
        code, vietnamese, english = reason.value
        self.reason = reason
        self.code = code
        self.limit = limit
        self.detail_vi = vietnamese.format(limit=f"{limit:g}")
        self.detail_en = english.format(limit=f"{limit:g}")
        super().__init__(f"{code}: {self.detail_en}")
