"""The corpus against a running intake: what it answered, what died, what it took."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.hostile import bodies, connections
from tests.hostile.crafted import CRAFTED
from tests.hostile.mutations import mutations
from tests.hostile.talk import REPORT, TALK, answer_of, desk_talk

MIB = 2**20
MEASURED_EVERY, SAID_EVERY = 20, 500  # files


@dataclass
class Outcome:
    """What a run of the corpus showed.

    Attributes:
        answers: How many inputs were answered with each status; 0 is a closed connection.
        failures: Inputs that were answered with 5xx, or not at all in time; connections that last.
        slowest: The longest answer in seconds, and to what.
        connections: Those without an end, and how long the server let each last, in seconds.
    """

    kinds: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[int] = field(default_factory=Counter[int])
    failures: list[str] = field(default_factory=list[str])
    slowest: tuple[float, str] = (0.0, "")
    restarts: int = 0
    worker_deaths: int = 0
    worker_peak_bytes: int = 0
    intake_peak_bytes: int = 0
    connections: dict[str, float] = field(default_factory=dict[str, float])

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
            "peak memory of intake": f"{self.intake_peak_bytes / MIB:.0f} MiB",
            "connections without end": f"{len(self.connections)}, the last ended after "
            f"{max(self.connections.values(), default=0):.0f} s",
            "slowest answer": f"{self.slowest[0]:.2f} s ({self.slowest[1]})",
        }
        return "\n".join(f"{name:<28}{value}" for name, value in rows.items())


def files(seed: int, flips: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield kind, name and content of every hostile file."""
    for name, make in CRAFTED.items():
        yield "crafted", name, make()
    for name, content in mutations(seed, flips):
        yield "mutated", name, content


def run(stack: Mapping[str, Any], *, seed: int, flips: int, say: Callable[[str], None]) -> Outcome:
    """Send the whole corpus to the intake of a stack and return what it showed."""
    intake: str = stack["intake"]
    outcome, before = Outcome(), _metrics(intake)
    port = httpx.URL(intake).port
    assert port is not None
    with ThreadPoolExecutor(1) as beside:
        lasting = beside.submit(connections.lasting, port)
        _send_requests(outcome, port, {**TALK, **desk_talk(_token(stack))})
        _send_files(outcome, intake, files(seed, flips), say)
        _count_connections(outcome, lasting.result())
    after = _metrics(intake)
    outcome.restarts = int(
        before["process_start_time_seconds"] != after["process_start_time_seconds"]
    )
    deaths = "civic_decoder_deaths_total"
    outcome.worker_deaths = round(after[deaths] - (0 if outcome.restarts else before[deaths]))
    outcome.worker_peak_bytes = round(after["civic_decoder_peak_bytes"])
    _note_memory(outcome, intake)
    return outcome


def _token(stack: Mapping[str, Any]) -> str:
    """Sign in as somebody of the Office and return the access token."""
    clerk = next(each for each in stack["accounts"] if each["role"] == "office_clerk")
    said = {"username": clerk["username"], "password": clerk["password"]}
    answer = httpx.post(f"{stack['intake']}/api/v1/auth/token", data=said)
    return str(answer.raise_for_status().json()["access_token"])


def _send_requests(
    outcome: Outcome, port: int, talk: Mapping[str, Callable[[], Iterable[bytes]]]
) -> None:
    for name, make in talk.items():
        began = time.monotonic()
        try:
            status = answer_of(port, make())
        except TimeoutError:
            status = 599
        _count(outcome, ("request", name), status, time.monotonic() - began)


def _send_files(
    outcome: Outcome,
    intake: str,
    sent: Iterable[tuple[str, str, bytes]],
    say: Callable[[str], None],
) -> None:
    with httpx.Client(base_url=intake, timeout=60) as client:
        for number, (kind, name, content) in enumerate(sent, start=1):
            began = time.monotonic()
            _count(outcome, (kind, name), _send(client, content), time.monotonic() - began)
            if number % MEASURED_EVERY == 0:
                _note_memory(outcome, intake)
            if number % SAID_EVERY == 0:
                say(f"{number} files")


def _count_connections(outcome: Outcome, lasted: Mapping[str, float]) -> None:
    outcome.connections = dict(lasted)
    for name, lasted_s in lasted.items():
        if lasted_s >= connections.MOST_S:
            outcome.failures.append(f"{name}: never ended")


def _note_memory(outcome: Outcome, intake: str) -> None:
    now = round(_metrics(intake)["process_resident_memory_bytes"])
    outcome.intake_peak_bytes = max(outcome.intake_peak_bytes, now)


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
