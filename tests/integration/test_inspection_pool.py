"""Workers that decode, as real processes: what a hostile file costs, and what it does not."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest

from services.intake.evidence import EvidenceLimits, EvidenceRefused, InspectionPool, pool
from services.intake.evidence.inspection import inspect
from tests.hostile import pictures, sounds

LIMITS = EvidenceLimits()
ZONE = "Asia/Ho_Chi_Minh"


@asynccontextmanager
async def running(workers: int = 1, limits: EvidenceLimits = LIMITS) -> AsyncIterator[Any]:
    made = InspectionPool(limits, zone=ZONE, workers=workers)
    try:
        yield made
    finally:
        await made.close()


def workers() -> list[psutil.Process]:
    return [
        each
        for each in psutil.Process().children()
        if "services.intake.evidence.worker" in " ".join(each.cmdline())
    ]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo"
    path.write_bytes(pictures.photo(exif=pictures.exif_block(gps=pictures.GPS_OF_THE_MARKET)))
    return path


@pytest.mark.parametrize("kind", ["photo", "m4a", "wav"])
async def test_a_worker_finds_what_the_inspection_in_our_own_process_finds(
    tmp_path: Path, photo: Path, kind: str
):
    path = photo
    if kind != "photo":
        path = tmp_path / kind
        path.write_bytes(sounds.recording(kind))

    async with running() as made:
        found = await made.inspect(path)

    assert found == inspect(path, LIMITS, zone=ZoneInfo(ZONE))


async def test_a_refusal_comes_back_with_its_reason_and_its_limit(tmp_path: Path):
    path = tmp_path / "bomb"
    path.write_bytes(pictures.huge_png())

    async with running() as made:
        with pytest.raises(EvidenceRefused) as caught:
            await made.inspect(path)

        assert (caught.value.code, made.usage.deaths) == ("too_many_pixels", 0)
    assert "30000" in caught.value.detail_en


async def test_no_worker_runs_before_a_file_comes_and_none_after_the_quiet(
    photo: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pool, "IDLE_S", 0.2)
    async with running(workers=2) as made:
        before = len(workers())
        await made.inspect(photo)
        await made.inspect(photo)
        during = len(workers())
        await asyncio.sleep(1.0)

        assert (before, during, len(workers())) == (0, 1, 0)


async def test_a_worker_that_is_killed_is_replaced_and_the_file_is_tried_again(photo: Path):
    async with running() as made:
        await made.inspect(photo)
        os.kill(workers()[0].pid, signal.SIGKILL)

        found = await made.inspect(photo)

        assert (found.media_type, made.usage.deaths) == ("image/jpeg", 1)


async def test_after_a_large_file_the_next_one_has_a_fresh_worker(
    photo: Path, monkeypatch: pytest.MonkeyPatch
):
    async with running() as made:
        await made.inspect(photo)
        (first,) = workers()
        await made.inspect(photo)
        assert workers() == [first]
        # each file has a peak of its own, and no two are the same to the byte
        monkeypatch.setattr(pool, "LARGE_BYTES", made.usage.peak_bytes // 2)
        await made.inspect(photo)
        await asyncio.to_thread(psutil.wait_procs, [first], timeout=10)
        assert first not in workers()
        assert await made.inspect(photo)


async def test_a_file_that_no_worker_survives_is_refused_and_the_next_one_is_taken(
    tmp_path: Path, photo: Path
):
    """A named pipe that nobody writes to holds a decoder for ever."""
    trap = tmp_path / "trap"
    os.mkfifo(trap)
    async with running() as made:
        pool_answer, pool.ANSWER_S = pool.ANSWER_S, 1.0
        try:
            with pytest.raises(EvidenceRefused, match="corrupt"):
                await made.inspect(trap)
        finally:
            pool.ANSWER_S = pool_answer

        assert made.usage.deaths == pool.TRIES
        assert (await made.inspect(photo)).media_type == "image/jpeg"


async def test_an_inspection_that_is_given_up_leaves_no_answer_for_the_next_file(
    tmp_path: Path, photo: Path
):
    large = tmp_path / "large"
    large.write_bytes(pictures.phone_photo())
    async with running() as made:
        await made.inspect(photo)
        given_up = asyncio.create_task(made.inspect(large))
        await asyncio.sleep(0.02)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)

        assert (await made.inspect(photo)).width_px == 640


async def test_a_worker_is_told_no_secret_of_intake(photo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTAKE_SEALING_KEY", "not-for-decoders")
    async with running() as made:
        await made.inspect(photo)

        (worker,) = workers()
        assert "not-for-decoders" not in repr(worker.environ())


async def test_a_worker_has_a_ceiling_for_its_memory_and_its_time(photo: Path):
    async with running() as made:
        await made.inspect(photo)

        (worker,) = workers()
        memory, _ = worker.rlimit(psutil.RLIMIT_AS)
        cpu, _ = worker.rlimit(psutil.RLIMIT_CPU)

    assert memory < 800 * 2**20
    assert 0 < cpu <= 60
