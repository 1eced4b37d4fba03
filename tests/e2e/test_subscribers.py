"""The examples of deploy/examples/ as processes: killed again and again, they end as one."""

import random
from typing import Any

from deploy.bench.subscribers import TRANSPORTS, reports, run

KILLS = 4  # `python -m deploy.bench.subscribers --kills 100` does the same at length


def test_subscribers_that_are_killed_end_with_the_state_of_one_that_never_was(
    stack: dict[str, Any],
):
    seed = random.randrange(10**6)
    load = reports(stack["intake"], count=40, pause_s=0.2)

    wanted, outcomes = run(stack, KILLS, load, seed=seed, pause_s=2.0)

    assert [each.transport for each in outcomes] == list(TRANSPORTS)
    for each in outcomes:
        assert each.kills == KILLS
        assert (each.hash, each.missed) == (wanted, 0), f"seed {seed}: {each}"
