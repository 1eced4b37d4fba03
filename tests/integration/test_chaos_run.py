"""A chaos run that ends before its time still leaves its table."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.nemesis import Result
from tests.chaos.run import Plan, Run
from tests.chaos.world import World


@pytest.mark.parametrize("end", [RuntimeError("a server does not start"), asyncio.CancelledError()])
async def test_the_table_of_an_interrupted_run_is_said_and_written(
    end: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    async def start(_world: World, _say: object) -> None:
        run._results.append(Result(1, "SIGKILL intake", faults=3, quiet_s=2.0))
        raise end

    monkeypatch.setattr(World, "start", start)
    run = Run(Plan(1, 1, (1,), 0, tmp_path), said.append)

    with pytest.raises(type(end)):
        await run.run()

    text = (tmp_path / "chaos.md").read_text(encoding="utf-8")
    assert "| 1 | SIGKILL intake | 3 | 0 | – |" in text
    assert "ended before its time" in text
    assert text in said[-1]
