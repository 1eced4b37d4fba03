"""The corpus against a running intake: what it answered, what died, what it took."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from tests.hostile import bodies
from tests.hostile.crafted import CRAFTED
from tests.hostile.mutations import mutations
from tests.hostile.talk import REPORT, TALK, answer_of

MIB = 2**20


@dataclass
class Outcome:
    """What a run of the corpus showed.

    Attributes:
        answers: How many inputs were answered with each status; 0 is a closed connection.
        failures: Inputs that were answered with 5xx, or not at all in time.
        slowest_s: The longest answer, and to what.
    """

    kinds: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[int] = field(default_factory=Counter[int])
    failures: list[str] = field(default_factory=list[str])
    slowest: tuple[float, str] = (0.0, "")
    restarts: int = 0
    worker_deaths: int = 0
    worker_peak_bytes: int = 0
    intake_rss_bytes: int = 0

    def table(self) -> str:
        """Return the outcome as lines for people."""
        statuses = ", ".join(f"{status}: {n}" for status, n in sorted(self.answers.items()))
        rows = {
            "inputs": f"{self.answers.total()} ({dict(self.kinds)})",
            "answers": statuses,
            "5xx or no answer": f"{len(self.failures)} {self.failures[:5] or ''}",
            "restarts of intake": str(self.restarts),
            "worker deaths": str(self.worker_deaths),
            "peak memory of a worker": f"{self.worker_peak_bytes / MIB:.0f} MiB",
            "memory of intake afterwards": f"{self.intake_rss_bytes / MIB:.0f} MiB",
            "slowest answer": f"{self.slowest[0]:.2f} s ({self.slowest[1]})",
        }
        return "\n".join(f"{name:<28}{value}" for name, value in rows.items())


def files(seed: int, flips: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield kind, name and content of every hostile file."""
    for name, make in CRAFTED.items():
        yield "crafted", name, make()
    for name, content in mutations(seed, flips):
        yield "mutated", name, content


def run(intake: str, *, seed: int, flips: int, say: Callable[[str], None]) -> Outcome:
    """Send the whole corpus to an intake and return what it showed."""
    outcome, before = Outcome(), _metrics(intake)
    port = httpx.URL(intake).port
    assert port is not None
    for name, make in TALK.items():
        began = time.monotonic()
        try:
            status = answer_of(port, make())
        except TimeoutError:
            status = 599
        _count(outcome, ("request", name), status, time.monotonic() - began)
    with httpx.Client(base_url=intake, timeout=60) as client:
        for number, (kind, name, content) in enumerate(files(seed, flips)):
            began = time.monotonic()
            _count(outcome, (kind, name), _send(client, content), time.monotonic() - began)
            if number % 500 == 499:
                say(f"{number + 1} files")
    after = _metrics(intake)
    outcome.restarts = int(
        before["process_start_time_seconds"] != after["process_start_time_seconds"]
    )
    deaths = "civic_decoder_deaths_total"
    outcome.worker_deaths = round(after[deaths] - (0 if outcome.restarts else before[deaths]))
    outcome.worker_peak_bytes = round(after["civic_decoder_peak_bytes"])
    outcome.intake_rss_bytes = round(after["process_resident_memory_bytes"])
    return outcome


def _send(client: httpx.Client, content: bytes) -> int:
    body = bodies.form(bodies.report_part(REPORT), bodies.media_part(content))
    kind = f"multipart/form-data; boundary={bodies.BOUNDARY}"
    try:
        return client.post(
            "/api/v1/reports", content=body, headers={"content-type": kind}
        ).status_code
    except httpx.TransportError:
        return 599


def _count(outcome: Outcome, what: tuple[str, str], status: int, took_s: float) -> None:
    kind, name = what
    outcome.kinds[kind] += 1
    outcome.answers[status] += 1
    outcome.slowest = max(outcome.slowest, (took_s, name))
    if status >= 500:
        outcome.failures.append(f"{name}: {status}")


def _metrics(intake: str) -> dict[str, float]:
    text = httpx.get(f"{intake}/metrics").text
    found = re.findall(r"^([a-z_]+) ([-+.e\d]+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}
