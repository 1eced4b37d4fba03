"""Recordings, good and hostile, made when a test asks for them; none is kept in the repository."""

import array
import math
import struct
from collections.abc import Mapping
from functools import cache
from io import BytesIO

import av
from av.audio.frame import AudioFrame

from tests.hostile.pictures import photo

BLOCK = 1024

# name: (muxer, encoder, rate in Hz, options of the muxer, options of the encoder)
RECORDERS: Mapping[str, tuple[str, str, int, dict[str, str], dict[str, str]]] = {
    "m4a": ("ipod", "aac", 48_000, {}, {}),
    "fragmented_mp4": (
        "mp4",
        "aac",
        48_000,
        {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"},
        {},
    ),
    "mp3": ("mp3", "libmp3lame", 44_100, {}, {}),
    "ogg_opus": ("ogg", "libopus", 48_000, {}, {}),
    "ogg_vorbis": ("ogg", "vorbis", 48_000, {}, {"strict": "-2"}),
    "webm_opus": ("webm", "libopus", 48_000, {"live": "1"}, {}),
    "wav": ("wav", "pcm_s16le", 16_000, {}, {}),
    "wav_alaw": ("wav", "pcm_alaw", 8_000, {}, {}),
    "3gp_amr": ("3gp", "libopencore_amrnb", 8_000, {}, {}),
    "amr": ("amr", "libopencore_amrnb", 8_000, {}, {}),
    "flac": ("flac", "flac", 16_000, {}, {}),
    "aac": ("adts", "aac", 44_100, {}, {}),
}


def _blocks(rate: int, seconds: float, layout: str) -> list[AudioFrame]:
    channels = 1 if layout == "mono" else 2
    frames = list[AudioFrame]()
    total = int(rate * seconds)
    for start in range(0, total, BLOCK):
        samples = min(BLOCK, total - start)
        wave = (int(9_000 * math.sin(math.tau * 440 * i / rate)) for i in range(start, total))
        values = array.array("h", (next(wave) for _ in range(samples)))
        doubled = array.array("h", (value for value in values for _ in range(channels)))
        frame = AudioFrame(format="s16", layout=layout, samples=samples)
        plane = frame.planes[0]
        plane.update(doubled.tobytes().ljust(plane.buffer_size, b"\0"))
        frame.sample_rate, frame.pts = rate, start
        frames.append(frame)
    return frames


@cache
def recording(name: str, seconds: float = 1.0) -> bytes:
    """A tone of 440 Hz as the recorder `name` writes it, with tags that tell too much."""
    layout = "stereo" if name == "ogg_vorbis" else "mono"  # FFmpeg's own Vorbis knows no mono
    return _written(*RECORDERS[name], seconds=seconds, layout=layout)


@cache
def wav_of(encoder: str, rate: int, layout: str = "mono") -> bytes:
    """A tone of 440 Hz, a second long, in a WAV of any coding and rate in Hz."""
    return _written("wav", encoder, rate, {}, {}, seconds=1.0, layout=layout)


def _written(
    muxer: str,
    encoder: str,
    rate: int,
    muxing: dict[str, str],
    encoding: dict[str, str],
    *,
    seconds: float,
    layout: str,
) -> bytes:
    out = BytesIO()
    with av.open(out, "w", format=muxer, options=muxing) as sink:
        sink.metadata.update(TAGS)
        stream = sink.add_stream(encoder, rate=rate, layout=layout, options=encoding)
        for frame in _blocks(rate, seconds, layout):
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return out.getvalue()


TAGS = {
    "title": "Nguyen Thi Bi Mat",
    "comment": "0909123456",
    "creation_time": "2026-01-09T09:30:00.000000Z",
    "location": "+11.9430+108.4370+1480.000/",
}


def video(seconds: int = 1) -> bytes:
    """An MP4 with pictures that move and no sound."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as sink:
        stream = sink.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10 * seconds):
            sink.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        sink.mux(stream.encode(None))
    return out.getvalue()


def mp3_with_cover() -> bytes:
    """An MP3 whose ID3 tag holds a title and a picture."""
    cover = b"\0image/jpeg\0\3\0" + photo(64, 64)
    frames = [(b"TIT2", b"\0Nguyen Thi Bi Mat"), (b"APIC", cover)]
    body = b"".join(kind + struct.pack(">I", len(it)) + b"\0\0" + it for kind, it in frames)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + body + recording("mp3")


def wav_claiming(data_bytes: int) -> bytes:
    """A WAV of one second whose header promises `data_bytes` of sound."""
    wav = recording("wav")
    start = wav.index(b"data") + 4
    return wav[:start] + struct.pack("<I", data_bytes) + wav[start + 4 :]


def wav_at(rate: int) -> bytes:
    """A mu-law WAV of 100 kB whose header claims `rate` samples a second."""
    layout = struct.pack("<HHIIHH", 7, 1, rate, rate, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", 16) + layout
    body += b"data" + struct.pack("<I", 100_000) + bytes(100_000)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def silence_wav(seconds: int, rate: int = 8_000) -> bytes:
    """Silence in 8 bits, one byte a sample."""
    layout = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
    data = bytes([0x80]) * (seconds * rate)
    body = b"WAVEfmt " + struct.pack("<I", 16) + layout
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, *parts: bytes) -> bytes:
    return _box(kind, bytes(4), *parts)


def mp4_claiming_samples(samples: int) -> bytes:
    """An MP4 of 3.5 kB whose sample table claims `samples` entries in four bytes each."""
    matrix = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    mvhd = _full(b"mvhd", struct.pack(">4IIH", 0, 0, 1000, 1000, 0x10000, 0x100), bytes(10), matrix)
    tkhd = _box(b"tkhd", b"\0\0\0\7", struct.pack(">5I", 0, 0, 1, 0, 1000), bytes(60))
    mdhd = _full(b"mdhd", struct.pack(">4I2H", 0, 0, 48_000, 48_000, 0x55C4, 0))
    hdlr = _full(b"hdlr", b"\0\0\0\0soun", bytes(12), b"x\0")
    sound = struct.pack(">4HI", 1, 16, 0, 0, 48_000 << 16)
    entry = _box(b"mp4a", bytes(6), struct.pack(">H", 1), bytes(8), sound)
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">3I", 1, samples, 1024)),
        _full(b"stsc", struct.pack(">4I", 1, 1, samples, 1)),
        _full(b"stsz", struct.pack(">2I", 1, samples)),
        _full(b"stco", struct.pack(">2I", 1, 500)),
    )
    media = _box(b"mdia", mdhd, hdlr, _box(b"minf", _full(b"smhd", bytes(4)), table))
    movie = _box(b"moov", mvhd, bytes(24), struct.pack(">I", 2), _box(b"trak", tkhd, media))
    return _box(b"ftyp", b"M4A \0\0\0\0M4A ") + movie + _box(b"mdat", bytes(3000))


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of RFC 3533: polynomial 0x04C11DB7, not reflected, from zero."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def ogg_of_short_packets(pages: int, length: int) -> bytes:
    """An Ogg/Opus that goes on with `pages` pages of 255 packets of `length` bytes each."""
    ogg = recording("ogg_opus")
    last = ogg[ogg.rindex(b"OggS") :]
    body = b"\xff" + bytes([length]) * 255 + b"\x08" * (255 * length)  # 0x08: 20 ms of SILK, empty
    page = last[:4] + b"\0\0" + last[6:22] + bytes(4) + body
    return ogg + (page[:22] + struct.pack("<I", _ogg_checksum(page)) + page[26:]) * pages


def playlist() -> bytes:
    """An HLS playlist that would make FFmpeg read a file of the server."""
    return b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
