"""What is measured while nothing else happens: latency, memory, the working-time engine."""

import time

from deploy.bench import load, worktime
from deploy.bench.lab import Lab
from deploy.bench.table import Row, Target, quantile

SERVICES = ("intake", "router", "sla", "notify")
PAUSE_S = 0.15  # between two reports: all hops of one take less
REST_S = 2.0

SOON = Target(50, "< 50 ms", at_most=True)
SMALL = Target(150, "≤ 150 MB", at_most=True)
ENOUGH = Target(50_000, "≥ 50,000/s")
AS_FAST = Target(0.9, "as fast", of_floor=True)


def latency(lab: Lab) -> list[Row]:
    """Measure POST → IOC stream with one report at a time."""
    runs: list[list[float]] = []
    for run in range(lab.plan.runs):
        lab.say("POST to IOC stream at rest", run)
        runs.append(lab.in_load(load.idle_latency, lab.addresses, lab.plan.idle_reports, PAUSE_S))
    section = "at rest, one report at a time"
    return [
        Row(section, "POST → IOC stream, p50", "ms", quantile(50, runs), target=SOON),
        Row(section, "POST → IOC stream, p95", "ms", quantile(95, runs)),
    ]


def memory(lab: Lab) -> list[Row]:
    """Look at the memory of everything, at rest after the load: services first."""
    time.sleep(REST_S)
    used = lab.fleet.memory_mb()
    servers = sorted(set(used) - set(SERVICES), key=lambda name: -used[name])
    section = "memory (PSS, parent and worker) at rest after the load"
    services = [Row(section, name, "MB", [used[name]], target=SMALL) for name in SERVICES]
    return services + [Row(section, name, "MB", [used[name]]) for name in servers]


def working_time(lab: Lab) -> list[Row]:
    """Measure how many deadlines the engine counts, near ones and far ones in turn."""
    near, far = list[float](), list[float]()
    seconds = lab.plan.burst_s / 4
    for run in range(lab.plan.runs):
        lab.say("working-time answers", run)
        near.append(lab.in_load(worktime.answers, worktime.TWO_HOURS, seconds))
        far.append(lab.in_load(worktime.answers, worktime.TEN_YEARS, seconds))
    section = "working time, per second of CPU"
    return [
        Row(section, "deadlines in 2 working hours", "/s", near, target=ENOUGH),
        Row(section, "deadlines in ten years (20,000 h)", "/s", far, target=ENOUGH),
        Row(section, "  beside 2 hours", "/s", far, near, "2 h", AS_FAST),
    ]
