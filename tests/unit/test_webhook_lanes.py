"""Whose turn it is at the webhooks: an ill receiver takes nobody's."""

from datetime import UTC, datetime, timedelta

from services.notify.webhooks.lanes import EACH, LONGEST_PAUSE, PAUSE, SPARE, WAITING, Lanes
from services.notify.webhooks.store import Message

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def message(endpoint: str, number: int = 0) -> Message:
    return Message(f"msg_{endpoint}_{number}", endpoint, "e", "case.accepted.v1", "DL", "{}")


def test_one_slow_receiver_leaves_every_other_its_places():
    lanes = Lanes()
    while lanes.room("slow", NOW):
        lanes.of("slow").busy += 1

    assert lanes.of("slow").busy == EACH
    assert lanes.room("good", NOW) == EACH


def test_when_slow_ones_hold_all_that_is_shared_a_good_one_still_has_its_own_place():
    lanes = Lanes()
    for number in range(SPARE):
        while lanes.room(f"slow{number}", NOW):
            lanes.of(f"slow{number}").busy += 1

    assert lanes.room("good", NOW) == 1


def test_a_receiver_that_failed_is_asked_once_at_a_time_after_a_growing_pause():
    lanes = Lanes()
    lane = lanes.of("bad")
    pauses: list[timedelta] = []
    now = NOW
    for _ in range(8):
        lane.answered(well=False, now=now)
        assert lanes.room("bad", now) == 0
        assert lane.rests_until
        pauses.append(lane.rests_until - now)
        now = lane.rests_until
        assert lanes.room("bad", now) == 1
        lane.busy = 1
        assert lanes.room("bad", now) == 0
        lane.busy = 0

    assert pauses[:3] == [PAUSE, PAUSE * 2, PAUSE * 4]
    assert pauses[-1] == LONGEST_PAUSE
    assert not lane.takes()


def test_a_receiver_that_is_well_again_has_all_its_places_at_once():
    lanes = Lanes()
    lanes.of("bad").answered(well=False, now=NOW)

    lanes.of("bad").answered(well=True, now=NOW)

    assert lanes.room("bad", NOW) == EACH


def test_receivers_have_their_turn_one_after_the_other():
    lanes = Lanes()
    for number in range(3):
        lanes.of("a").waiting.append(message("a", number))
    lanes.of("b").waiting.append(message("b"))

    turns = [lanes.next(NOW), lanes.next(NOW), lanes.next(NOW)]

    assert [each and each.endpoint for each in turns] == ["a", "b", "a"]


def test_no_more_waits_in_memory_than_is_allowed():
    lane = Lanes().of("a")
    while lane.takes():
        lane.waiting.append(message("a", len(lane.waiting)))

    assert len(lane.waiting) == WAITING
