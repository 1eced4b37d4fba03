"""The rules of webhooks: schedule, signature, what is heard, what is told."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.notify.channels.answers import retry_after
from services.notify.domain import Outcome
from services.notify.webhooks.domain import (
    ATTEMPTS,
    JITTER,
    HookState,
    Step,
    after_attempt,
    message_id,
    new_secret,
    payload,
    signatures,
    wanted,
)
from services.notify.webhooks.post import judged
from shared.events import CaseAccepted, DeadlineMissed
from shared.lockbox import Lockbox
from tests.builders import received
from tests.unit.notify_events import NOON, SAID, WARD, case, deadline, heard_deadline

FAILED = Outcome("retry", "http_500")
HOUR = timedelta(hours=1)


def test_the_signature_is_the_specifications_vector():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    at = datetime.fromtimestamp(1614265330, UTC)

    signed = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_either_secret_of_a_rotation_verifies_and_a_third_does_not():
    old, new, other = (new_secret(bytes([n]) * 32) for n in range(3))
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signatures([new, old], "msg_1", now, "{}"),
    }

    assert Webhook(old).verify("{}", headers) == {}
    assert Webhook(new).verify("{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify("{}", headers)


@pytest.mark.parametrize(
    ("attempt", "gap"),
    [
        (1, timedelta(seconds=5)),
        (2, timedelta(minutes=5)),
        (3, timedelta(minutes=30)),
        (4, 2 * HOUR),
        (5, 5 * HOUR),
        (6, 10 * HOUR),
        (7, 14 * HOUR),
        (8, 20 * HOUR),
        (9, 24 * HOUR),
    ],
)
def test_a_failure_waits_as_the_schedule_says_and_a_tenth_more_at_most(
    attempt: int, gap: timedelta
):
    waits: set[timedelta] = set()
    for number in range(50):
        step = after_attempt(f"msg_{number}", FAILED, attempt, NOON)
        assert step.state is HookState.PENDING
        assert step.next_at
        waits.add(step.next_at - NOON)

    assert all(gap <= wait <= gap * (1 + JITTER) for wait in waits)
    assert len(waits) > 40  # they do not come back together


def test_the_tenth_failure_is_the_last_and_switches_the_endpoint_off():
    assert ATTEMPTS == 10
    assert after_attempt("m", FAILED, 10, NOON) == Step(HookState.FAILED, None, "exhausted")


def test_410_switches_the_endpoint_off_at_once():
    outcome = judged(410, {}, NOON)

    assert after_attempt("m", outcome, 1, NOON) == Step(HookState.FAILED, None, "gone")


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (200, {}, "accepted", None),
        (204, {"retry-after": "9"}, "accepted", None),
        (301, {"location": "https://elsewhere.example/"}, "retry", None),
        (304, {}, "retry", None),
        (400, {}, "retry", None),
        (401, {}, "retry", None),
        (500, {}, "retry", None),
        (429, {"retry-after": "120"}, "retry", timedelta(minutes=2)),
        (429, {}, "retry", timedelta(minutes=1)),
        (502, {}, "retry", timedelta(minutes=1)),
        (504, {}, "retry", timedelta(minutes=1)),
        (503, {"retry-after": "Mon, 12 Jan 2026 06:00:00 GMT"}, "retry", HOUR),
        (503, {"retry-after": "soon"}, "retry", None),
        (503, {"retry-after": f"Mon, 01 Jan 2020 00:00:00 +{'9' * 20}"}, "retry", None),
        (503, {"retry-after": f"Mon, {'9' * 20} Jan 2020 00:00:00 GMT"}, "retry", None),
    ],
)
def test_what_an_answer_means(
    status: int, headers: dict[str, str], kind: str, wait: timedelta | None
):
    outcome = judged(status, headers, NOON)

    assert (outcome.kind, outcome.after) == (kind, wait)


def test_retry_after_lengthens_a_wait_never_shortens_it_and_ends_at_a_day():
    asks = {
        attempt: after_attempt("m", Outcome("retry", "http_429", wait), attempt, NOON).next_at
        for attempt, wait in ((1, 10 * HOUR), (4, timedelta(seconds=1)), (2, 900 * HOUR))
    }

    assert asks[1] == NOON + 10 * HOUR
    assert asks[4]
    assert asks[4] >= NOON + 2 * HOUR
    assert asks[2] == NOON + 24 * HOUR


def test_a_date_that_has_passed_asks_for_no_wait():
    assert retry_after("Mon, 12 Jan 2026 04:00:00 GMT", NOON) == timedelta()


@pytest.mark.parametrize(
    ("types", "event", "hears"),
    [
        (["*"], "deadline.missed.v1", True),
        (["case.*"], "case.assigned.v1", True),
        (["case.*"], "deadline.missed.v1", False),
        (["case.assigned.v1"], "case.assigned.v1", True),
        (["case.assigned.v1"], "case.assigned.v2", False),
        ([], "case.assigned.v1", False),
    ],
)
def test_an_endpoint_hears_the_types_that_it_named(types: list[str], event: str, hears: bool):  # noqa: FBT001
    assert wanted(types, event) is hears


def test_a_payload_says_code_state_way_in_due_time_and_link_and_nothing_else():
    heard = received(CaseAccepted(**SAID, unit=WARD), case(), 3)

    told = payload(heard, "https://dalat.example/")

    assert told == {
        "type": "case.accepted.v1",
        "timestamp": heard.time.isoformat(),
        "data": {
            "event": heard.id,
            "sequence": 3,
            "code": "DL-7K3Q-9M2F",
            "state": "assigned",
            "channel": "web",
            "due_at": case().due_at.isoformat(),
            "link": "https://dalat.example/r/DL-7K3Q-9M2F",
        },
    }


def test_a_deadline_is_told_without_a_case():
    told = payload(heard_deadline(deadline(DeadlineMissed)), "https://dalat.example")

    assert told
    assert told["data"]["due_at"] == case().due_at.isoformat()
    assert "channel" not in told["data"]


def test_a_complaint_or_denunciation_is_told_to_no_integrator():
    heard = received(CaseAccepted(**SAID, unit=WARD), case(restricted=True), 3)

    assert payload(heard, "https://dalat.example") is None


def test_a_message_keeps_its_identity_and_no_two_share_one():
    assert message_id("e1", "wh_1") == message_id("e1", "wh_1")
    assert len({message_id(e, w) for e in ("e1", "e2") for w in ("wh_1", "wh_2")}) == 4


# The box of secrets

OLD = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
NEW = "MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def test_a_sealed_secret_opens_for_its_owner_and_purpose_only():
    sealed = Lockbox(OLD, "webhooks").seal("wh_1", b"secret")

    assert Lockbox(OLD, "webhooks").open("wh_1", sealed) == b"secret"
    assert b"secret" not in sealed
    for box, owner in ((Lockbox(OLD, "webhooks"), "wh_2"), (Lockbox(OLD, "push"), "wh_1")):
        with pytest.raises(Exception, match="does not open"):
            box.open(owner, sealed)


def test_a_new_master_key_opens_the_old_seals_and_says_which_they_are():
    sealed = Lockbox(OLD, "webhooks").seal("wh_1", b"secret")
    both = Lockbox(f"{NEW},{OLD}", "webhooks")

    assert both.open("wh_1", sealed) == b"secret"
    assert not both.current(sealed)
    assert both.current(both.seal("wh_1", b"secret"))
