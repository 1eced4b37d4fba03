"""Every channel against its double, case by case: where each cell of the table is tested.

A cell names the test that plays it (file and function, under tests/), or says in words why the
channel knows no such thing. Whoever adds a channel or a case adds its cells, else the first test
fails; whoever renames a test changes its cell, else the second one does. So nothing is missing
without somebody having said so.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.notify.domain import CHANNELS

TESTS = Path(__file__).parents[1]
WEBHOOK = "webhook"  # to integrators, not to persons; the same seven cases
CASES = (
    "success",
    "expiry and refresh",
    "refusal",
    "throttle",
    "timeout",
    "duplicate callback",
    "bad signature",
)
CHANNEL_TESTS = "integration/test_channels.py::"
SILENT = "integration/test_silent_providers.py::"
HOOKS = "integration/test_webhooks.py::"
NO_SUCH_THING = "no such thing: "

TABLE: Mapping[str, Mapping[str, str]] = {
    "email": {
        "success": "integration/test_deliveries.py::"
        "test_an_assignment_is_mailed_to_the_whole_unit_and_to_nobody_else",
        "expiry and refresh": NO_SUCH_THING + "a mail server's password does not expire by itself",
        "refusal": SILENT + "test_a_mail_that_is_refused_goes_to_the_next_channel",
        "throttle": SILENT
        + "test_a_mail_server_that_asks_to_come_again_gets_the_mail_once_it_is_ready",
        "timeout": SILENT
        + "test_a_mail_server_silent_after_the_mail_gets_it_thrice_under_one_id_and_no_more",
        "duplicate callback": NO_SUCH_THING + "SMTP calls nobody back",
        # the only thing signed is the way out
        "bad signature": "integration/test_notifications.py::"
        "test_a_link_that_is_not_ours_does_nothing",
    },
    "push": {
        "success": CHANNEL_TESTS + "test_a_push_is_signed_and_only_the_browser_reads_it",
        "expiry and refresh": CHANNEL_TESTS
        + "test_a_browser_that_is_gone_is_forgotten_and_the_person_told_elsewhere",
        "refusal": CHANNEL_TESTS + "test_a_push_that_is_too_large_goes_to_the_next_channel",
        "throttle": CHANNEL_TESTS + "test_a_push_service_that_is_busy_is_asked_again_later",
        "timeout": SILENT + "test_a_silent_push_service_shows_a_push_once",
        "duplicate callback": NO_SUCH_THING + "a push service calls nobody back",
        # what is signed is ours; what comes in are the keys of a browser
        "bad signature": CHANNEL_TESTS + "test_a_wrong_subscription_is_refused_at_its_field",
    },
    "zalo": {
        "success": CHANNEL_TESTS + "test_zalo_takes_a_message_with_its_four_parameters",
        "expiry and refresh": CHANNEL_TESTS
        + "test_an_expired_token_is_replaced_and_the_message_sent_once",
        "refusal": CHANNEL_TESTS + "test_a_refusal_of_zalo_goes_to_the_next_channel",
        "throttle": CHANNEL_TESTS + "test_a_throttle_of_zalo_is_honoured",
        "timeout": SILENT + "test_a_silent_zalo_is_uncertain_at_once_and_told_nowhere_else",
        "duplicate callback": CHANNEL_TESTS
        + "test_a_receipt_of_zalo_counts_once_however_often_it_comes",
        "bad signature": CHANNEL_TESTS + "test_a_wrong_signature_changes_nothing",
    },
    "sms": {
        "success": CHANNEL_TESTS + "test_an_sms_is_one_text_without_accents_under_the_brand_name",
        "expiry and refresh": NO_SUCH_THING
        + "the gateway's key is a contract's; a bad one refuses",
        "refusal": CHANNEL_TESTS + "test_a_refusal_of_the_gateway_goes_to_the_next_channel",
        "throttle": CHANNEL_TESTS + "test_a_throttle_of_the_gateway_is_honoured",
        "timeout": SILENT
        + "test_a_silent_gateway_is_asked_under_one_id_and_its_person_told_by_nobody_else",
        "duplicate callback": CHANNEL_TESTS
        + "test_an_sms_that_could_not_be_delivered_goes_on_to_the_next_channel_once",
        "bad signature": CHANNEL_TESTS + "test_a_wrong_signature_changes_nothing",
    },
    WEBHOOK: {
        "success": HOOKS + "test_a_receiver_verifies_what_it_gets_with_the_reference_library",
        "expiry and refresh": HOOKS
        + "test_while_a_secret_changes_both_verify_and_after_a_day_only_the_new_one",
        "refusal": HOOKS + "test_410_ends_it_and_cancels_what_was_waiting",
        "throttle": HOOKS + "test_retry_after_is_honoured",
        "timeout": HOOKS + "test_a_silent_receiver_is_left_and_asked_again_under_the_same_id",
        # here we are the ones who call: the same event heard again is one call
        "duplicate callback": HOOKS + "test_an_event_heard_five_times_is_sent_once",
        "bad signature": HOOKS
        + "test_a_receiver_with_another_secret_takes_nothing_and_is_asked_again",
    },
}
CELLS = [
    pytest.param(cell, id=f"{channel} × {case}")
    for channel, cases in TABLE.items()
    for case, cell in cases.items()
]


def test_no_channel_and_no_case_is_without_a_cell():
    assert set(TABLE) == {*CHANNELS, WEBHOOK}
    for channel, cases in TABLE.items():
        assert tuple(cases) == CASES, channel


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_names_a_test_or_says_why_there_is_none(cell: str):
    if cell.startswith(NO_SUCH_THING):
        assert len(cell) > len(NO_SUCH_THING) + 20
        return
    path, _, name = cell.partition("::")
    module = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)

    assert name in {each.name for each in module.body if isinstance(each, functions)}
