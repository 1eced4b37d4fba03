"""How many uploads are read at once, and how many of them may be one sender's."""

from contextlib import ExitStack

import pytest
from starlette.requests import Request

from services.intake.api.slots import Slots
from shared.problems import Problem


def from_(address: str) -> Request:
    return Request({"type": "http", "client": (address, 1)})


def test_one_upload_too_many_is_told_when_to_come_back_and_a_slot_is_given_back():
    slots, inside = Slots(2), ExitStack()
    with inside:
        for address in ("192.0.2.1", "192.0.2.2"):
            inside.enter_context(slots.of(from_(address)))
        with pytest.raises(Problem, match="429 busy"), slots.of(from_("192.0.2.3")):
            pass
    with slots.of(from_("192.0.2.3")):
        pass


def test_one_sender_never_locks_the_others_out():
    slots, inside = Slots(16, share=3), ExitStack()
    with inside:
        for number in range(8):  # half of them: whoever comes first
            inside.enter_context(slots.of(from_(f"2001:db8::{number}")))
        with pytest.raises(Problem, match="429 busy"), slots.of(from_("2001:db8::9")):
            pass
        for _ in range(3):
            inside.enter_context(slots.of(from_("192.0.2.1")))
        with pytest.raises(Problem, match="429 busy"), slots.of(from_("192.0.2.1")):
            pass
        with slots.of(from_("192.0.2.2")):
            pass
    with slots.of(from_("2001:db8::9")):
        pass


def test_the_share_can_be_lifted():
    slots, inside = Slots(16), ExitStack()
    with inside:
        for _ in range(16):
            inside.enter_context(slots.of(from_("192.0.2.1")))
