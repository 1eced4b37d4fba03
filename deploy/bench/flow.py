"""The whole way of a report at a steady rate, and what it costs all processes together."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from deploy.bench import load
from deploy.bench.errors import BenchError
from deploy.bench.lab import Lab
from deploy.bench.table import Row, Target, quantile

WINDOW = 48  # reports on their way at once; intake takes 64 uploads before it says 429
SHARE = 0.7  # of what the system sustains: loaded, with room for a burst
SETTLE_S = 30.0  # for the last mails to be sent and the last outboxes to be emptied
REST_S = 2.0
MAILS = 3  # per report: receipt and assignment to the reporter, the case to its unit
MESSAGES = 7  # per report, over all queues: router 1, intake 1, sla 2, notify 3
EMPTY = {"outbox": []}
NOTHING_MS = 0.05  # a process that uses less is not listed

CHEAP = Target(12, "≤ 12 ms", at_most=True)
SIGNALEN_MS = 192  # CPU per report of the nearest peer, Amsterdam's Signalen


@dataclass(frozen=True)
class FlowRun:
    """One steady run, all of whose reports went all the way.

    Attributes:
        cpu_ms: CPU time per report of each process, from the first POST until all was done.
        seen: What the load generator saw.
        elapsed_s: From the first POST until all was done.
        others: Cores that anything else on the machine kept busy meanwhile.
    """

    cpu_ms: Mapping[str, float]
    seen: load.Seen
    elapsed_s: float
    others: float

    @property
    def total_cpu_ms(self) -> float:
        """CPU-ms per report over all processes."""
        return sum(self.cpu_ms.values())


def end_to_end(lab: Lab) -> list[Row]:
    """Measure what the system sustains, and what a report costs at a share of that."""
    full = list[FlowRun]()
    for run in range(lab.plan.runs):
        lab.say(f"end to end, {WINDOW} reports on their way", run)
        full.append(_measure(lab, lambda: lab.in_load(*_fill(lab))))  # its queues cannot grow
    sustained = [len(each.seen.codes) / each.elapsed_s for each in full]
    rate = round(SHARE * statistics.median(sustained), 1)
    at_rest = _cost_of_rest(lab)
    runs = list[FlowRun]()
    for run in range(lab.plan.runs):
        lab.say(f"end to end at {rate:g} reports/s", run)
        runs.append(_measure(lab, lambda: lab.in_load(*_drip(lab, rate))))
        _refuse_growth(runs[-1].seen.depths, rate)
    _note(lab, full + runs, at_rest / rate)
    most = f"end to end, {WINDOW} reports on their way"
    section = f"end to end at {rate:g} reports/s ({SHARE:.0%} of that)"
    answers, through = [each.seen.answer_ms for each in runs], [r.seen.through_ms for r in runs]
    return [
        Row(most, "reports all the way", "/s", sustained),
        _cpu(most, full),
        *_parts(most, full),
        _cpu(section, runs),
        *_parts(section, runs),
        Row(section, "201, p50", "ms", quantile(50, answers)),
        Row(section, "201, p99", "ms", quantile(99, answers)),
        Row(section, "all events on the stream, p50", "ms", quantile(50, through)),
        Row(section, "all events on the stream, p99", "ms", quantile(99, through)),
    ]


def _fill(lab: Lab) -> tuple[Callable[..., load.Seen], dict[str, str], int, float]:
    return load.capacity, lab.addresses, WINDOW, lab.plan.flow_s


def _drip(lab: Lab, rate: float) -> tuple[Callable[..., load.Seen], dict[str, str], int, float]:
    return load.steady, lab.addresses, int(rate * lab.plan.flow_s), rate


def _cpu(section: str, runs: Sequence[FlowRun]) -> Row:
    values = [run.total_cpu_ms for run in runs]
    return Row(section, "CPU per report, all processes", "ms", values, target=CHEAP)


def _parts(section: str, runs: Sequence[FlowRun]) -> list[Row]:
    parts = {name: [run.cpu_ms[name] for run in runs] for name in runs[0].cpu_ms}
    return [
        Row(section, f"  of it {name}", "ms", values)
        for name, values in sorted(parts.items(), key=lambda part: -sum(part[1]))
        if max(values) >= NOTHING_MS
    ]


def _cost_of_rest(lab: Lab) -> float:
    """Return the CPU-ms per second that all processes use while nothing happens."""
    time.sleep(REST_S)
    before = sum(lab.fleet.cpu_s().values())
    time.sleep(REST_S)
    return (sum(lab.fleet.cpu_s().values()) - before) * 1000 / REST_S


def _note(lab: Lab, runs: Sequence[FlowRun], rest_ms: float) -> None:
    reports = sum(len(run.seen.codes) for run in runs)
    deepest = max(max(run.seen.depths, default=0) for run in runs)
    calm_s = max(run.seen.calm_s for run in runs)
    others = statistics.median(run.others for run in runs)
    lab.notes += [
        (
            f"end to end: each of {reports:,} reports was accepted, routed, assigned, tracked, "
            f"told in {MAILS} mails and seen on the IOC stream. No queue grew (at most {deepest} "
            f"messages waited in all of them together), the last event came {calm_s:.2f} s after "
            "the last POST at the latest, and queues and outboxes were empty at the end."
        ),
        (
            "CPU per report: everything that stack.json names, RabbitMQ, MongoDB, S3 and the mail "
            f"sink included, from the first POST until all was done; {rest_ms:.1f} ms of it at the "
            f"steady rate is what they use at rest. Signalen, the nearest peer: {SIGNALEN_MS} ms."
        ),
        (
            f"Meanwhile other work kept {others:.2f} of {os.cpu_count()} cores busy; neighbours on "
            "the same core or cache make every CPU-ms longer."
        ),
    ]


def _measure(lab: Lab, send: Callable[[], load.Seen]) -> FlowRun:
    """Send a run of reports, wait until everything is done, and return what it cost.

    Raises:
        BenchError: a report did not go all the way, or a process was restarted.
    """
    others = lab.others_busy_s()
    before = lab.fleet.cpu_s()
    began = time.perf_counter()
    seen = send()
    _until_done(lab.stack, seen.codes)
    elapsed = time.perf_counter() - began
    after = lab.fleet.cpu_s()
    count = len(seen.codes)
    cpu_ms = {name: (after[name] - before[name]) * 1000 / count for name in after}
    return FlowRun(cpu_ms, seen, elapsed, (lab.others_busy_s() - others) / elapsed)


def _until_done(stack: Mapping[str, Any], codes: Sequence[str]) -> None:
    """Wait until every report is assigned, tracked and told, and no outbox owes an event."""
    ends = time.monotonic() + SETTLE_S
    client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
    try:
        while lacking := _lacking(client, list(codes)):
            if time.monotonic() > ends:
                raise BenchError(f"not done after {SETTLE_S:.0f} s: {lacking}")
            time.sleep(0.2)
    finally:
        client.close()


def _lacking(client: "MongoClient[dict[str, Any]]", codes: list[str]) -> dict[str, int]:
    """Return how many documents are not yet as they must be at the end, by what they are."""
    ours = {"_id": {"$in": codes}}
    wanted = {
        "cases assigned, nothing owed": (
            client["civic_intake"]["cases"],
            {**ours, **EMPTY, "case.state": "assigned"},
            len(codes),
        ),
        "decisions published": (client["civic_router"]["decisions"], {**ours, **EMPTY}, len(codes)),
        "deadlines announced": (
            client["civic_sla"]["deadlines"],
            {**ours, **EMPTY, "announced": True},
            len(codes),
        ),
        "deliveries sent": (
            client["civic_notify"]["deliveries"],
            {"code": {"$in": codes}, "state": "sent"},
            MAILS * len(codes),
        ),
    }
    left = {
        name: count - collection.count_documents(query)
        for name, (collection, query, count) in wanted.items()
    }
    return {name: missing for name, missing in left.items() if missing}


def _refuse_growth(depths: Sequence[int], rate: float) -> None:
    """Refuse a run during which messages piled up: it measures a beginning, not a steady state.

    Half a second's messages more at the end than at the beginning is chance: group commits and
    prefetch take them in batches.
    """
    third = len(depths) // 3
    if not third:
        return
    first, last = statistics.mean(depths[:third]), statistics.mean(depths[-third:])
    if last - first > max(64, MESSAGES * rate / 2):
        raise BenchError(f"the queues grew from {first:.0f} to {last:.0f} messages")
