"""Several replicas of notify at once: all see everything, nothing is counted or raised twice."""

import random
import signal
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.notify.ioc.figures import COUNTS
from shared.fold import State, fold
from shared.mongo import Entry
from shared.vocabulary import CategoryId
from tests.e2e.client import eventually
from tests.integration.notify_world import NotifyWorld, Replica, all_ready, publish, state_of
from tests.integration.stories import Story, begun, in_order_of_time, now, told
from tests.integration.story_ledger import count


def entries_of(stories: list[Story]) -> list[Entry]:
    return [entry for _, entry in in_order_of_time(stories)]


def folded(events: list[dict[str, Any]]) -> State:
    state: State = {}
    for event in events:
        fold(state, event)
    return state


def counts(notify: Replica, **query: str) -> dict[str, int]:
    shown = notify.get("summary", **query)
    return {name: shown[name] for name in COUNTS}


@pytest.mark.timeout(300)
def test_two_replicas_say_the_same_and_one_goes_on_when_the_other_is_killed(
    world: NotifyWorld,
) -> None:
    seed = random.randrange(10**6)
    dice, ended = random.Random(seed), now() - timedelta(minutes=1)
    first, second = world.replica(), world.replica()
    all_ready([first, second])
    clients = [world.follow("sse", each) for each in (first, second) for _ in range(2)]
    stories = told(dice, 60, ended - timedelta(days=2), ended)
    publish(world.amqp, entries_of(stories[:30]))

    # a cursor of one is good at the other, and between pages nothing is missed or doubled
    head = first.get("events", after="-1", limit=7)
    rest = second.everything(head["next"])
    assert head["items"] + rest == first.everything() == second.everything()

    said = len(first.everything())
    eventually(lambda: first.caught_up(said), 60)
    first.end(signal.SIGKILL)  # half of the times it is the one that projects
    publish(world.amqp, entries_of(stories[30:]))
    said = len(second.everything())
    eventually(lambda: second.caught_up(said), 60)
    first.start()
    all_ready([first, second])

    wanted = count(stories, now(), lambda _: True)
    for each in (first, second):
        eventually(lambda each=each: each.caught_up(said), 60)
        assert counts(each) == {name: wanted.get(name, 0) for name in COUNTS}, f"seed {seed}"
    journeys = list(world.database["journeys"].find())
    told_of = {story.case.code: len(story.told) for story in stories}
    assert {each["_id"]: len(each["steps"]) for each in journeys} == told_of
    whole = folded(second.everything())
    for client in clients:
        eventually(lambda client=client: state_of(client) == whole, 60)


@pytest.mark.timeout(300)
def test_two_replicas_raise_one_incident_and_list_it_alike(world: NotifyWorld) -> None:
    replicas = [world.replica(), world.replica()]
    all_ready(replicas)
    same = {"category": CategoryId("environment"), "area": "ward_2"}
    dice = random.Random(11)
    burst = [begun(dice, now() - timedelta(seconds=9 - n), **same) for n in range(6)]
    publish(world.amqp, entries_of(burst))

    def raised(notify: Replica) -> list[dict[str, Any]]:
        found = notify.get("incidents", state="open")["items"]
        return found if found and len(found[0]["codes"]) == 6 else []

    shown = [eventually(lambda each=each: raised(each), 40) for each in replicas]
    publish(world.amqp, entries_of([begun(dice, now(), **same)]))

    def joined() -> bool:
        return len(replicas[0].get("incidents")["items"][0]["codes"]) == 7

    eventually(joined, 40)

    assert shown[0] == shown[1]
    assert len(shown[0]) == 1
    types = Counter(each["type"] for each in replicas[1].everything())
    assert types["incident.raised.v1"] == 1
    before = replicas[1].get("incidents", at=shown[0][0]["raised_at"])["items"]
    assert [len(each["codes"]) for each in before] == [6]
