"""The rows of the matrix that are done, how much of each, and which of them CI does."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.nemesis import Row
from tests.chaos.rows_links import mail_server_ill, partitions, slow_links, store_away
from tests.chaos.rows_messages import duplicates, poison, retry_storm
from tests.chaos.rows_processes import (
    consumers_killed,
    intake_killed,
    killed_at_points,
    power_cut,
    rolling_restart,
    stream_client_killed,
)
from tests.chaos.rows_servers import (
    broker_away,
    broker_blocked,
    broker_killed,
    broker_restarted,
    database_frozen,
    database_killed,
    disk_full,
    queue_deleted,
)
from tests.chaos.rows_webhooks import webhook_receiver_ill


@dataclass(frozen=True)
class Fault:
    """A row of the matrix.

    Attributes:
        title: What happens.
        do: Makes it happen.
        enough_s: After so long there is no more to learn, or `asked` is done: about that on two
            cores.
        weight: Its part of the time while there is too little for all.
        asked: How many faults the matrix names; the row ends when they are done. None: no number.
    """

    title: str
    do: Row
    enough_s: float
    weight: float = 1.0
    asked: int | None = None


ROWS: dict[int, Fault] = {
    1: Fault("SIGKILL intake", intake_killed, 300, 1.5, asked=200),
    2: Fault("SIGKILL at named points", killed_at_points, 420, 1.5, asked=19 * 50),
    3: Fault("SIGKILL router, sla, notify", consumers_killed, 300, 1.5, asked=3 * 200),
    4: Fault("power cut", power_cut, 60),
    5: Fault("broker restarted", broker_restarted, 280, asked=20),
    6: Fault("broker SIGKILL", broker_killed, 420, asked=50),
    7: Fault("broker away", broker_away, 60, 1.5),
    8: Fault("broker blocked", broker_blocked, 20),
    9: Fault("mongod SIGKILL", database_killed, 220, asked=50),
    10: Fault("mongod frozen", database_frozen, 30),
    12: Fault("partitions", partitions, 60, 3.0),
    13: Fault("slow links", slow_links, 45, 2.0),
    14: Fault("disk full", disk_full, 30),
    17: Fault("poison", poison, 40),
    18: Fault("duplicates ×3, reorder", duplicates, 20),
    19: Fault("store away", store_away, 24),
    20: Fault("retry storm", retry_storm, 20, 0.7),
    21: Fault("webhook receiver ill", webhook_receiver_ill, 40),
    22: Fault("mail server ill", mail_server_ill, 15),
    23: Fault("IOC client SIGKILL", stream_client_killed, 45, asked=100),
    24: Fault("rolling restart", rolling_restart, 160, 1.5, asked=4 * 20),
    26: Fault("queue deleted", queue_deleted, 60),
}
LEAVE_ORPHANS = (2, 19)  # of which the matrix asks how many are left after the sweep
CI_ROWS = (1, 2, 4, 5, 6, 8, 9, 12, 17, 18, 19)


def window_s(remaining_s: float, faults: Sequence[Fault]) -> float:
    """Return how much of the remaining time the first of these faults may take.

    Each has its part by weight, and none more than is enough for it: what one leaves over is
    shared by the others.
    """
    todo, left = sorted(faults, key=lambda each: each.enough_s / each.weight), remaining_s
    weight = sum(each.weight for each in todo)
    for each in todo:
        part = min(each.enough_s, left * each.weight / weight)
        if each is faults[0]:
            return part
        left, weight = left - part, weight - each.weight
    raise ValueError("no fault to do")
