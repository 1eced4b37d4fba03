"""What intake says when it says no: words for people, no code and no account."""

import re
from typing import cast

import pytest

from services.intake.domain.case import NotNowError
from services.intake.domain.decisions import COMMANDS
from services.intake.names import DOING, STATES
from services.intake.refusals import problem_of
from services.intake.shelf import Shelf
from shared.errors import StaleVersionError
from shared.vocabulary import CaseCode, Language, State

NO_SHELF = cast("Shelf", None)
CODE = re.compile(r"[a-z]+_[a-z]+|/")


@pytest.mark.parametrize("name", [*COMMANDS, "media", "follow"])
def test_every_step_has_a_word_in_both_languages(name: str) -> None:
    assert not CODE.search(DOING[name].vi)
    assert not CODE.search(DOING[name].en)
    assert DOING[name].vi != DOING[name].en


@pytest.mark.parametrize("state", list(State))
def test_what_cannot_be_done_now_is_said_in_words(state: State) -> None:
    error = NotNowError(CaseCode("DL-0000-0000"), state, "rating")

    problem = problem_of(error, Language.VIETNAMESE, NO_SHELF)

    assert problem is not None
    assert problem.vi == (
        f"Phản ánh đang ở trạng thái “{STATES[state].vi}”; lúc này không thể đánh giá."
    )
    assert problem.en == f"The case is “{STATES[state].en}”; rating is not possible now."


def test_what_others_wrote_first_again_and_again_is_to_be_sent_again_later() -> None:
    problem = problem_of(StaleVersionError("x", 0), Language.VIETNAMESE, NO_SHELF)

    assert problem is not None
    assert (problem.status, "Retry-After" in problem.headers) == (503, True)
