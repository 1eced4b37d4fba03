"""The floors, and intake alone beside them: everything at full speed for a few seconds."""

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psutil

from deploy.bench import alone, floors, load
from deploy.bench.lab import Lab
from deploy.bench.sample import Sample
from deploy.bench.table import FLOORS, Row, Target

HTTP_IN_FLIGHT = 64
BROKER_IN_FLIGHT = 256
SHARE = Target(0.4, "≥ 0.40 × F2", of_floor=True)


def broker_and_disk(lab: Lab, sample: Sample) -> list[Row]:
    """Measure F1, F3 and F4."""
    with tempfile.TemporaryDirectory(dir=Path(lab.stack["mail"]).parent) as folder:
        flushes = [
            lab.in_load(floors.disk_flushes, folder, lab.plan.flushes) for _ in range(lab.plan.runs)
        ]
    published, consumed = list[float](), list[float]()
    with alone.own_vhost(lab.stack) as amqp:
        for run in range(lab.plan.runs):
            lab.say("bare RabbitMQ", run)
            published.append(
                lab.in_load(
                    floors.publishes,
                    amqp,
                    len(sample.event),
                    in_flight=BROKER_IN_FLIGHT,
                    seconds=lab.plan.burst_s,
                )
            )
            consumed.append(lab.in_load(floors.consumes, amqp))
    return [
        Row(FLOORS, "F1 fdatasync, 4 KB, one by one", "/s", flushes),
        Row(FLOORS, "F3 bare aio-pika publish + confirm", "/s", published),
        Row(FLOORS, "F4 bare aio-pika consume + ack", "/s", consumed),
    ]


def intake_alone(lab: Lab, sample: Sample) -> list[Row]:
    """Measure F2, F5 and intake in turn, so that each run stands beside floors of its own.

    The target compares them where each has the whole machine. With the servers on one core the
    floor's client stands on another (F2a) or on theirs (F2b), intake always on theirs: those rows
    say where time goes, not what a machine accepts.
    """
    whole_floor, whole, floor, beside, answers, intake, cpu = (list[float]() for _ in range(7))
    seconds = lab.plan.burst_s
    with ExitStack() as stack:
        amqp = stack.enter_context(alone.own_vhost(lab.stack))
        prefix = stack.enter_context(alone.own_databases(lab.stack))
        empty = stack.enter_context(alone.empty_fastapi(lab.stack, lab.system))
        own, pid = stack.enter_context(alone.intake(lab.stack, amqp, prefix, lab.system))
        process = psutil.Process(pid)
        bare_inserts = partial(
            floors.mongo_inserts,
            lab.stack["mongo"],
            f"{prefix}_floor",
            sample.document,
            in_flight=HTTP_IN_FLIGHT,
            seconds=seconds,
        )
        reports = partial(load.throughput, own, HTTP_IN_FLIGHT, seconds)
        lab.in_load(reports)  # warm
        for run in range(lab.plan.runs):
            lab.say("floors and intake alone", run)
            with lab.unpinned(pid):
                whole_floor.append(lab.in_any(bare_inserts))
                whole.append(lab.in_any(reports))
            floor.append(lab.in_load(bare_inserts))
            beside.append(lab.in_system(bare_inserts))
            answers.append(lab.in_load(load.throughput, empty, HTTP_IN_FLIGHT, seconds))
            before = sum(process.cpu_times()[:2])
            intake.append(lab.in_load(reports))
            cpu.append((sum(process.cpu_times()[:2]) - before) * 1000 / (intake[-1] * seconds))
    lab.notes.append(
        "intake alone: a process of its own on the stack's servers, with a vhost and databases of "
        "its own, where no router, sla or notify listens; it publishes all the same."
    )
    section = f"intake alone, {HTTP_IN_FLIGHT} in flight"
    return [
        Row(FLOORS, "F2 bare motor insert, majority+journal", "/s", whole_floor),
        Row(FLOORS, "F2a the same, servers on one core, client on another", "/s", floor),
        Row(FLOORS, "F2b the same, all on one core", "/s", beside),
        Row(FLOORS, "F5 empty FastAPI, same body", "/s", answers),
        Row(section, "JSON reports accepted", "/s", whole, whole_floor, "F2", SHARE),
        Row(section, "  intake and servers on one core", "/s", intake, floor, "F2a"),
        Row(section, "    beside F2b", "/s", intake, beside, "F2b"),
        Row(section, "    beside an empty FastAPI", "/s", intake, answers, "F5"),
        Row(section, "    CPU of the intake process, a report", "ms", cpu),
    ]
