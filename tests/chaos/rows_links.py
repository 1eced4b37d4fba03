"""Rows 12, 13, 19 and 22: links that go deaf, slow or are cut; a store or a mail server away."""

import asyncio
import time

from tests.chaos.nemesis import Nemesis
from tests.chaos.proxy import Faults
from tests.chaos.world import LINKS

NOTICED_S = 20.0
FAILING = {"amqp": "rabbitmq", "mongo": "mongodb", "s3": "media"}


async def partitions(nemesis: Nemesis) -> None:
    """Both ways, then one way, then the other, on each link; nobody is told of any of it."""
    ways = (Faults(deaf=True, mute=True), Faults(deaf=True), Faults(mute=True))
    todo = [(link, faults) for link in LINKS for faults in ways]
    nemesis.random.shuffle(todo)
    share = nemesis.window_s / len(todo)
    for link, faults in todo:
        await _partition(nemesis, link, faults, nemesis.random.uniform(0.5, 1.5) * share)


async def _partition(nemesis: Nemesis, link: str, faults: Faults, seconds: float) -> None:
    world = nemesis.world
    service = "router" if link != "s3" else "intake"
    await world.links.set(link, faults)
    nemesis.fault()
    began = time.monotonic()

    async def noticed() -> bool:
        return not await world.is_ready(service)

    took = await world.until(noticed, NOTICED_S + 10)
    nemesis.measure("noticed", took, NOTICED_S)
    await asyncio.sleep(max(0.0, seconds - (time.monotonic() - began)))
    await world.links.set(link)
    await nemesis.ready_again("ready again", None)


async def slow_links(nemesis: Nemesis) -> None:
    faults = (
        ("delay 200 ± 100 ms", Faults(delay_s=0.2, jitter_s=0.1)),
        ("10 kB/s", Faults(bytes_per_s=10_000)),
        ("cut after 20 kB", Faults(cut_after=20_000)),
    )
    todo = [(link, each) for link in LINKS for each in faults]
    nemesis.random.shuffle(todo)
    began = time.time()
    for link, (_, fault) in todo:
        await nemesis.world.links.set(link, fault, reset=bool(fault.cut_after))
        nemesis.fault()
        await asyncio.sleep(nemesis.window_s / len(todo))
        await nemesis.world.links.set(link)
    # a client hears something within its own patience, whatever happens behind
    since = [each for each in nemesis.load.ledger.attempts if each.sent_at >= began]
    unanswered = sum(each.failure == "TimeoutError" for each in since)
    slowest = max((each.answered_at - each.sent_at for each in since), default=0.0)
    nemesis.measure("slowest answer", slowest, 12.0)
    if unanswered:
        nemesis.wrong(f"{unanswered} requests were not answered within 12 s")
    await nemesis.ready_again("ready again", None)


async def store_away(nemesis: Nemesis) -> None:
    """Before an upload, half-way through one, and after it."""
    for faults in (Faults(refuse=True), Faults(cut_after=4_000), Faults(mute=True)):
        began = time.time()
        await nemesis.world.links.set("s3", faults, reset=True)
        nemesis.fault()
        await asyncio.sleep(nemesis.window_s / 3)
        await nemesis.world.links.set("s3", reset=True)
        await nemesis.ready_again("ready again", None, ("intake",))
        wrong = [
            each
            for each in nemesis.load.ledger.attempts
            if each.sent_at >= began and not each.acknowledged and not each.report.media
        ]
        if wrong:
            nemesis.wrong(f"{len(wrong)} reports without media were held up by the store")


async def mail_server_ill(nemesis: Nemesis) -> None:
    for mode in ("busy", "refuse", "vanish"):
        nemesis.world.mail.mode = mode
        before = nemesis.world.mail.misbehaved
        # the next attempts come after 5 and 30 s: what is refused here is through before the check
        await asyncio.sleep(min(4.0, nemesis.window_s / 3))
        nemesis.fault(nemesis.world.mail.misbehaved - before)
    nemesis.world.mail.mode = "ok"
    nemesis.note(f"{len(nemesis.world.mail.refused)} mails refused for good")
