"""Who guesses codes of dossiers waits; who mistypes one does not."""

from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from services.intake.onestop.api import dossiers as routes
from services.intake.onestop.api.parts import Counter
from services.intake.onestop.dossiers import Dossiers
from services.intake.onestop.errors import OneStopError
from services.intake.onestop.refusals import problem_of
from shared import problems
from shared.identity import new_code
from shared.pace import WINDOW_S, Throttle
from tests.unit.test_onestop_dossier import catalogue

NOBODY = cast("Any", None)


class Nothing:
    """A store without a dossier."""

    async def load(self, code: str) -> None:
        assert code


def asked(misses: Throttle) -> httpx.AsyncClient:
    store = cast("Any", Nothing())
    dossiers = Dossiers(store, NOBODY, NOBODY, catalogue=catalogue(), shelf=NOBODY, clock=NOBODY)
    counter = Counter(
        NOBODY, dossiers, catalogue(), NOBODY, NOBODY, tokens=NOBODY, note=NOBODY, misses=misses
    )
    app = FastAPI()
    problems.translate(app, OneStopError, problem_of)
    problems.install(app)
    app.include_router(routes.create_router(counter))
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://counter/onestop/dossiers/")


def code() -> str:
    return new_code("HS").partition("-")[2]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
async def test_after_some_guesses_every_look_waits(headers: dict[str, str]):
    time = [0.0]
    async with asked(Throttle(3, lambda: time[0])) as guesser:
        answers = [(await guesser.get(code(), headers=headers)).status_code for _ in range(4)]
        last = await guesser.post(f"{code()}/supply", json={}, headers=headers)

        assert answers == [404, 404, 404, 429]
        assert (last.status_code, last.headers["Retry-After"]) == (429, "300")
        time[0] = WINDOW_S
        assert (await guesser.get(code())).status_code == 404


async def test_a_slip_of_the_hand_is_no_guess():
    async with asked(Throttle(3)) as visitor:
        answers = {(await visitor.get("7K3Q-9M2G")).status_code for _ in range(9)}

    assert answers == {404}


async def test_the_brake_can_be_lifted():
    async with asked(Throttle(0)) as tester:
        answers = {(await tester.get(code())).status_code for _ in range(70)}

    assert answers == {404}
