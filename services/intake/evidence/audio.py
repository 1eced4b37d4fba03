"""Sound: decoded to its end, and copied for other ears without tags, pictures or other streams.

FFmpeg runs inside this process, so it gets bytes and the name of a demuxer (never a path, never a
playlist that could name other files), a list of codecs, and a ceiling for each allocation.
"""

import ctypes
from collections.abc import Mapping
from fractions import Fraction
from importlib.util import find_spec
from io import BytesIO
from types import MappingProxyType
from typing import Final, cast

import av
import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition

from shared.vocabulary import MediaKind

from .headers import is_cut_box_file, riff_chunks
from .model import Evidence, EvidenceLimits, EvidenceRefused, Reason
from .scene import scene_of_sound

# An MP4 of 3.5 kB may claim 80 million samples, and FFmpeg 8 then fills an index of 2.8 GB in 6 s
# (measured). With this ceiling it answers in 3 ms. PyAV has no word for it, its library has.
ALLOCATION_BYTES = 16 * 2**20
_CORE = find_spec("av._core")
if _CORE is None or _CORE.origin is None:
    raise ImportError("PyAV has no compiled core")
ctypes.CDLL(_CORE.origin).av_max_alloc(ctypes.c_size_t(ALLOCATION_BYTES))

_DEMUXERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audio/mp4": "mov",
        "audio/3gpp": "mov",
        "audio/mpeg": "mp3",
        "audio/ogg": "ogg",
        "audio/webm": "matroska",
        "audio/wav": "wav",
        "audio/amr": "amr",
        "audio/flac": "flac",
        "audio/aac": "aac",
    }
)
# What browsers play is copied packet by packet into the container that most of them open
# (WebM/Opus: iPhones from iOS 17.4, Ogg/Opus only from 18.4); the rest is encoded as AAC.
_COPIED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "aac": ("ipod", "audio/mp4"),
        "mp3": ("mp3", "audio/mpeg"),
        "opus": ("webm", "audio/webm"),
        "vorbis": ("webm", "audio/webm"),
        "pcm_s16le": ("wav", "audio/wav"),
        "pcm_u8": ("wav", "audio/wav"),
        "flac": ("flac", "audio/flac"),
    }
)
_ENCODED: Final = (
    "amr_nb", "amr_wb", "pcm_alaw", "pcm_mulaw", "pcm_s24le", "pcm_s32le", "pcm_s64le",
    "pcm_f32le", "pcm_f64le", "pcm_s16be", "adpcm_ima_wav", "adpcm_ms", "gsm_ms", "alac",
)  # fmt: skip
_OPTIONS: Final = {
    "codec_whitelist": ",".join((*_COPIED, "mp3float", *_ENCODED, "amrnb", "amrwb")),
    "max_streams": "8",  # sound, cover, chapters; each may take ALLOCATION_BYTES several times
}
_MUXING: Final = {"fflags": "+bitexact"}  # without the name and version of the writer

MAX_VALUES_A_SECOND = 384_000  # 8 channels at 48 kHz, or 2 at 192 kHz: bounds the work per second
MIN_RATE_HZ = 4_000
MAX_PACKETS_A_SECOND = 400  # the shortest packet in use is 2.5 ms (Opus)
SPARE_PACKETS = 1_000
FEW_BAD, MAX_BAD_SHARE = 3, 0.1  # packets; recorders and editors leave a broken one at either end
AAC_BITS_A_SECOND = 48_000
# Of ISO 14496-3, table 1.18, those worth their bits; a recording at another rate is resampled
AAC_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC: Final = {"aac_coder": "fast"}  # 1.3 ms of CPU per second of speech instead of 2.4


def read_audio(data: bytes, media_type: str, limits: EvidenceLimits) -> Evidence:
    """Decode a recording wholly and make its public copy.

    WAV and MP4 say how long they are, so a cut one is refused; Ogg, WebM, MP3, AAC and AMR are
    streams and are taken as far as they go.

    Args:
        data: The file.
        media_type: What its first bytes claim.
        limits: Decoding stops at `audio_s` seconds of sound.

    Raises:
        EvidenceRefused: a video, no sound, too long, truncated, corrupt or an unsupported coding.
    """
    _check_whole(data, media_type)
    try:
        return _read(data, media_type, limits.audio_s)
    except EvidenceRefused:
        raise
    except Exception as error:  # whatever a decoder throws is a verdict on the file
        cut = isinstance(error, av.error.EOFError)
        raise EvidenceRefused(Reason.TRUNCATED if cut else Reason.CORRUPT) from error


def _read(data: bytes, media_type: str, limit_s: float) -> Evidence:
    demuxer = _DEMUXERS[media_type]
    with av.open(
        BytesIO(data), "r", format=demuxer, options=_OPTIONS, metadata_errors="replace"
    ) as source:
        stream = _sound_of(source)
        copy = _PublicCopy(stream)
        seconds = _decode(source, stream, copy, limit_s)
        scene = scene_of_sound({**source.metadata, **stream.metadata})
    return Evidence(
        kind=MediaKind.AUDIO,
        media_type=media_type,
        size_bytes=len(data),
        public=copy.finish(),
        public_type=copy.media_type,
        duration_ms=round(seconds * 1000),
        captured_at=scene.captured_at,
        lat=scene.lat,
        lon=scene.lon,
        altitude_m=scene.altitude_m,
    )


def _check_whole(data: bytes, media_type: str) -> None:
    if media_type in ("audio/mp4", "audio/3gpp") and is_cut_box_file(data):
        raise EvidenceRefused(Reason.TRUNCATED)
    if media_type == "audio/wav":
        for name, _ in riff_chunks(data):  # raises when one is longer than the file
            if name == b"data":
                return
        raise EvidenceRefused(Reason.CORRUPT)


def _sound_of(source: InputContainer) -> AudioStream:
    for stream in source.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # a cover is dropped, a film is not
            raise EvidenceRefused(Reason.VIDEO)
    if not source.streams.audio:
        raise EvidenceRefused(Reason.UNSUPPORTED_TYPE)
    sound = source.streams.audio[0]
    if _codec(sound) not in (*_COPIED, *_ENCODED):
        raise EvidenceRefused(Reason.UNSUPPORTED_TYPE)
    sound.codec_context.thread_count = 1  # one file takes one core
    return sound


def _codec(stream: AudioStream) -> str | None:
    # the stubs do not know that a stream in an unknown coding has no context
    context = cast("AudioCodecContext | None", stream.codec_context)
    return context.codec.canonical_name if context else None


def _decode(
    source: InputContainer, stream: AudioStream, copy: "_PublicCopy", limit_s: float
) -> float:
    """Decode every packet, hand what is sound to `copy`, and return the seconds of sound."""
    seconds, packets, bad = 0.0, 0, 0
    for packet in source.demux(stream):
        packets += 1
        try:
            frames = packet.decode()
        except av.error.FFmpegError:  # one broken packet is no verdict yet
            bad += 1
            if bad > FEW_BAD + packets * MAX_BAD_SHARE:
                raise EvidenceRefused(Reason.CORRUPT) from None
            continue
        length = sum(map(_seconds, frames))  # first: no rate beyond the bounds is resampled
        copy.take(packet, frames, at=seconds)
        seconds += length
        if seconds > limit_s or packets > MAX_PACKETS_A_SECOND * limit_s + SPARE_PACKETS:
            raise EvidenceRefused(Reason.TOO_LONG, limit=limit_s)
    if not seconds:
        raise EvidenceRefused(Reason.EMPTY)
    return seconds


def _seconds(frame: AudioFrame) -> float:
    values = frame.sample_rate * frame.layout.nb_channels
    if frame.sample_rate < MIN_RATE_HZ or values > MAX_VALUES_A_SECOND:
        raise EvidenceRefused(Reason.UNSUPPORTED_TYPE)
    return frame.samples / frame.sample_rate


class _PublicCopy:
    """The recording once more, with nothing in it but the sound."""

    def __init__(self, original: AudioStream) -> None:
        self._out = BytesIO()
        name = _codec(original) or ""
        self._encodes = name not in _COPIED
        muxer, self.media_type = _COPIED["aac" if self._encodes else name]
        options = {**_MUXING, "id3v2_version": "0"} if muxer == "mp3" else _MUXING
        self._sink = av.open(self._out, "w", format=muxer, options=options)
        if self._encodes:
            rate = min(AAC_RATES_HZ, key=lambda known: abs(known - original.rate))
            self._stream = self._sink.add_stream("aac", rate=rate, options=_AAC)
            self._stream.layout = "stereo" if original.channels > 1 else "mono"
            self._stream.bit_rate = AAC_BITS_A_SECOND
        else:
            self._stream = self._sink.add_stream_from_template(original)
        self._last, self._samples = -1, 0

    def take(self, packet: "Packet[AudioStream]", frames: list[AudioFrame], *, at: float) -> None:
        """Add one packet, or what was decoded from it; `at` is the sound before it in seconds.

        Times are counted from the sound, for those in the file may be missing, jump or lie;
        without any the copy would begin with the silence that AAC needs, up to 0.14 s.
        """
        if self._encodes:
            for frame in frames:
                frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
                self._samples += frame.samples
                self._sink.mux(self._stream.encode(frame))  # resamples where the rates differ
        elif packet.size:
            packet.stream = self._stream
            self._last = max(self._last + 1, round(at / packet.time_base))
            packet.pts = packet.dts = self._last
            self._sink.mux_one(packet)

    def finish(self) -> bytes:
        if self._encodes:
            self._sink.mux(self._stream.encode(None))
        self._sink.close()
        return self._out.getvalue()
