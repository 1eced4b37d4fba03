"""The hostile corpus against a whole stack; `python -m tests.hostile` prints its table."""

import sys
from typing import Any

import pytest

from tests.hostile.run import run

SEED = 1
FLIPS = 4  # of each file; the command takes more


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


@pytest.mark.timeout(300)  # more than two thousand inputs, on two shared cores
@pytest.mark.usefixtures("built")  # a shell is asked for, too, and one that is not built is 503
def test_no_hostile_input_fails_intake_or_kills_a_decoder(stack: dict[str, Any]):
    outcome = run(stack, seed=SEED, flips=FLIPS, say=say)

    say(outcome.table())
    assert outcome.answers.total() > 1_000
    assert outcome.failures == []
    assert (outcome.restarts, outcome.worker_deaths) == (0, 0)
    assert outcome.worker_peak_bytes < 300 * 10**6
