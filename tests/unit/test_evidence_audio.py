import array
import time
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from zoneinfo import ZoneInfo

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.evidence import Evidence, EvidenceLimits, EvidenceRefused
from services.intake.evidence.inspection import inspect
from shared.vocabulary import MediaKind
from tests.hostile import sounds

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LIMITS = EvidenceLimits()


def look(data: bytes, limits: EvidenceLimits = LIMITS) -> Evidence:
    return inspect(data, limits, zone=ZONE)


def refusal(data: bytes, limits: EvidenceLimits = LIMITS) -> EvidenceRefused:
    with pytest.raises(EvidenceRefused) as caught:
        look(data, limits)
    return caught.value


def tags_of(data: bytes) -> str:
    with av.open(BytesIO(data)) as source:
        return str([dict(source.metadata), *(dict(stream.metadata) for stream in source.streams)])


def seconds_of(data: bytes) -> float:
    with av.open(BytesIO(data)) as source:
        return sum(frame.samples / frame.sample_rate for frame in source.decode(audio=0))


def pitch_of(data: bytes) -> float:
    """The Hz of a tone: how often its middle half rises through zero."""
    samples, rate = array.array("h"), 0
    with av.open(BytesIO(data)) as source:
        plain = av.AudioResampler(format="s16", layout="mono")
        for frame in source.decode(audio=0):
            rate = frame.sample_rate
            for block in plain.resample(frame):
                samples.frombytes(bytes(block.planes[0])[: 2 * block.samples])
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    assert max(middle) == pytest.approx(9_000, rel=0.15)
    rises = sum(before < 0 <= after for before, after in pairwise(middle))
    return rises * rate / len(middle)


@pytest.mark.parametrize(
    ("recorder", "media_type", "public_type"),
    [
        pytest.param("m4a", "audio/mp4", "audio/mp4", id="m4a of an iPhone"),
        pytest.param("fragmented_mp4", "audio/mp4", "audio/mp4", id="mp4 of a browser"),
        pytest.param("mp3", "audio/mpeg", "audio/mpeg", id="mp3"),
        pytest.param("ogg_opus", "audio/ogg", "audio/webm", id="ogg of Firefox"),
        pytest.param("ogg_vorbis", "audio/ogg", "audio/webm", id="ogg vorbis"),
        pytest.param("webm_opus", "audio/webm", "audio/webm", id="webm of Chrome"),
        pytest.param("wav", "audio/wav", "audio/wav", id="wav"),
        pytest.param("wav_alaw", "audio/wav", "audio/mp4", id="wav of a hotline"),
        pytest.param("3gp_amr", "audio/3gpp", "audio/mp4", id="3gp of an old phone"),
        pytest.param("amr", "audio/amr", "audio/mp4", id="amr"),
        pytest.param("flac", "audio/flac", "audio/flac", id="flac"),
        pytest.param("aac", "audio/aac", "audio/mp4", id="bare aac"),
    ],
)
def test_a_recording_is_known_by_its_content(recorder: str, media_type: str, public_type: str):
    data = sounds.recording(recorder)

    evidence = look(data)

    assert (evidence.kind, evidence.media_type) == (MediaKind.AUDIO, media_type)
    assert evidence.public_type == public_type
    assert evidence.duration_ms == pytest.approx(1_000, abs=60)
    assert seconds_of(evidence.public) == pytest.approx(1, abs=0.2)  # AAC begins with silence
    assert (evidence.thumbnail, evidence.width_px) == (None, None)


@pytest.mark.parametrize(
    ("coding", "rate", "layout"),
    [
        ("pcm_u8", 8_000, "mono"),
        ("pcm_s16le", 12_345, "mono"),
        ("pcm_s24le", 4_000, "mono"),
        ("pcm_s24le", 8_000, "mono"),
        ("pcm_s24le", 12_345, "mono"),
        ("pcm_s24le", 48_000, "stereo"),
        ("pcm_s24le", 96_000, "stereo"),
        ("pcm_s24le", 192_000, "mono"),
        ("pcm_s24le", 192_000, "stereo"),
        ("pcm_s32le", 88_200, "mono"),
        ("pcm_s64le", 44_100, "mono"),
        ("pcm_f32le", 192_000, "mono"),
        ("pcm_f64le", 44_100, "mono"),
        ("pcm_f64le", 192_000, "mono"),
        ("pcm_alaw", 8_000, "mono"),
        ("pcm_mulaw", 11_025, "mono"),
        ("adpcm_ms", 22_050, "mono"),
        ("adpcm_ima_wav", 16_000, "mono"),
    ],
)
def test_a_wav_of_any_coding_and_rate_is_as_long_and_as_high_for_others(
    coding: str, rate: int, layout: str
):
    evidence = look(sounds.wav_of(coding, rate, layout))

    assert evidence.duration_ms == pytest.approx(1_000, abs=50)
    assert seconds_of(evidence.public) == pytest.approx(1, abs=0.1)
    assert pitch_of(evidence.public) == pytest.approx(440, rel=0.02)


def test_the_silence_that_aac_begins_with_is_not_heard():
    public = look(sounds.recording("wav_alaw")).public

    with av.open(BytesIO(public)) as source:
        assert source.duration == 1_000_000
    assert seconds_of(public) == pytest.approx(1, abs=0.1)  # whole blocks of 128 ms


@pytest.mark.parametrize("recorder", sorted(sounds.RECORDERS))
def test_the_public_copy_carries_no_tags(recorder: str):
    public = look(sounds.recording(recorder)).public

    told = (*sounds.TAGS.values(), "2026", "108.4")
    assert not [value for value in told if value.encode() in public or value in tags_of(public)]


def test_a_recording_of_a_browser_gets_the_length_that_it_lacks():
    live = sounds.recording("webm_opus")
    with av.open(BytesIO(live)) as source:
        assert source.duration is None

    with av.open(BytesIO(look(live).public)) as source:
        assert source.duration == pytest.approx(1_000_000, abs=40_000)


def test_place_and_time_of_a_phone_recording_are_read():
    evidence = look(sounds.recording("m4a"))

    assert evidence.captured_at == datetime(2026, 1, 9, 9, 30, tzinfo=UTC)
    assert (evidence.lat, evidence.lon, evidence.altitude_m) == (11.943, 108.437, 1480)


def test_a_cover_is_dropped_and_the_sound_kept():
    evidence = look(sounds.mp3_with_cover())

    assert evidence.duration_ms == 1_000
    assert b"JFIF" not in evidence.public
    assert b"Bi Mat" not in evidence.public


def test_a_film_is_refused_as_a_film():
    error = refusal(sounds.video())

    assert error.code == "unsupported_type"
    assert "video" in error.detail_en


def test_a_recording_as_long_as_the_limit_is_taken():
    assert look(sounds.silence_wav(300)).duration_ms == 300_000


def test_a_recording_over_the_limit_is_too_long():
    error = refusal(sounds.silence_wav(301))

    assert error.code == "too_long"
    assert "300 giây" in error.detail_vi


@pytest.mark.parametrize("promised", [2**32 - 1, 2**32 - 100, 40_000_000])
def test_a_wav_that_promises_more_than_it_holds_is_truncated(promised: int):
    assert refusal(sounds.wav_claiming(promised)).code == "truncated"


@pytest.mark.parametrize("recorder", ["m4a", "3gp_amr", "wav"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_a_recording_that_knows_its_length_is_truncated_when_cut(recorder: str, share: float):
    data = sounds.recording(recorder)

    assert refusal(data[: max(40, int(len(data) * share))]).code == "truncated"


@pytest.mark.parametrize("recorder", ["webm_opus", "mp3", "amr", "aac", "fragmented_mp4"])
def test_a_stream_is_taken_as_far_as_it_goes(recorder: str):
    data = sounds.recording(recorder, 2.0)

    assert 800 < (look(data[: int(len(data) * 0.7)]).duration_ms or 0) < 1_700


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(sounds.mp4_claiming_samples(80_000_000), id="80 million samples"),
        pytest.param(sounds.mp4_claiming_samples(2**32 - 1), id="all the samples there can be"),
        pytest.param(sounds.ogg_of_short_packets(10_000, 0), id="empty packets"),
        pytest.param(sounds.ogg_of_short_packets(1_000, 1), id="packets of one byte"),
        pytest.param(sounds.wav_at(1), id="a sample a second"),
        pytest.param(sounds.wav_at(3_999), id="too few samples a second"),
        pytest.param(sounds.wav_at(384_001), id="too many samples a second"),
        pytest.param(sounds.wav_at(2**31 - 1), id="2**31 samples a second"),
        pytest.param(sounds.wav_at(2**32 - 1), id="2**32 samples a second"),
        pytest.param(sounds.playlist(), id="a playlist of the server's files"),
        pytest.param(b"#!AMR\n" + b"\x7c" * 2**20, id="amr without any data"),
        pytest.param(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(5_000), id="id3 of 256 MB"),
        pytest.param(b"OggS" + bytes(5_000), id="ogg of zeros"),
        pytest.param(b"\x1a\x45\xdf\xa3" + b"\xff" * 5_000, id="webm of ones"),
        pytest.param(b"fLaC" + bytes(5_000), id="flac of zeros"),
        pytest.param(b"RIFF\xff\xff\xff\xffWAVE", id="wav without chunks"),
        pytest.param(b"\0\0\0\x08ftypM4A ", id="mp4 without boxes"),
        pytest.param(b"\0\0\0\x01ftypM4A \xff\xff\xff\xff", id="mp4 box of 2**64 bytes"),
    ],
)
def test_a_sound_bomb_is_refused_within_a_second(data: bytes):
    start = time.thread_time()

    assert refusal(data).code in {
        "corrupt",
        "truncated",
        "too_long",
        "not_media",
        "unsupported_type",
    }
    assert time.thread_time() - start < 1


def test_a_recording_of_20_s_costs_less_than_100_ms():
    data = sounds.recording("webm_opus", 20.0)
    start = time.thread_time()
    look(data)

    assert time.thread_time() - start < 0.1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_damage_makes_the_judge_of_recordings_fail(data: st.DataObject):
    whole = sounds.recording(data.draw(st.sampled_from(sorted(sounds.RECORDERS))))
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(broken), 700) - 1))
        broken[place : place + 4] = data.draw(st.binary(min_size=1, max_size=4))

    with suppress(EvidenceRefused):
        assert look(bytes(broken)).public
