"""What the OpenAPI documents promise, held against a running stack by generated requests.

SCHEMATHESIS_EXAMPLES is how many of each operation and caller (3), SCHEMATHESIS_SEED repeats a run.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local import stack as stacks
from tests.e2e.client import City, report

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
SEED = int(os.environ.get("SCHEMATHESIS_SEED", random.randrange(2**32)))
BUDGET_S = float(os.environ.get("SCHEMATHESIS_BUDGET_S", "40"))  # of each service; all run once
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# They end the session that the others use, or never end themselves.
NOT_TRIED = {"POST /api/v1/auth/logout"}
ENDLESS = "/stream"


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """A stack of its own: generated requests of an administrator change what others rely on."""
    with stacks.temporary(with_services=True, say=print) as layout:
        made = City.at(layout.stack_file)
        yield made
        made.close()


def callers(city: City, receipt: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Headers of everybody who calls; fresh sign-ins."""
    roles = ("officer", "unit_head", "office_clerk", "leader", "ioc_operator")
    named = {role: city.of_role(role).headers for role in (*roles, "administrator")}
    named["officer"] = city.official("ward_1", "officer").headers
    named["clerk"] = city.of_role("onestop_clerk").headers
    named["reporter"] = {"Authorization": f"Bearer {receipt['tracking_token']}"}
    return {"nobody": {}, **named}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("service", ["intake", "notify"])
def test_every_answer_is_one_that_the_document_promises(city: City, service: str):
    receipt = city.send(report(area="Phường 1")).json()
    city.in_state(receipt, "assigned")
    document = httpx.get(f"{city.stack[service]}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=city.stack[service])
    known = {"code": receipt["code"], "username": "officer.ward_1", "desk": "civil_status"}
    people = list(callers(city, receipt).items())
    operations = [each.ok() for each in schema.get_all_operations()]
    tried = [
        each
        for each in operations
        if each.label not in NOT_TRIED and not each.label.endswith(ENDLESS)
    ]
    answers: Counter[int] = Counter()
    found: dict[str, str] = {}
    chance, until, rounds = random.Random(SEED), time.monotonic() + BUDGET_S, 0

    for turn in range(len(people)):
        if turn and time.monotonic() > until:
            break
        rounds += 1
        for place, operation in enumerate(tried):
            # each operation meets another caller in every turn, and everybody after ten
            who, headers = people[(turn + place) % len(people)]
            fill = known if chance.random() < 0.7 else {}
            _hold(operation, headers, fill, answers=answers, found=found, who=who)

    sys.stdout.write(
        f"{service}: seed {SEED}, {len(tried)} operations, {rounds} rounds, "
        f"{answers.total()} requests: {dict(sorted(answers.items()))}\n"
    )
    assert answers.total() >= len(tried)
    assert found == {}, f"seed {SEED}"


def _hold(
    operation: Any,
    headers: dict[str, str],
    fill: dict[str, str],
    *,
    answers: Counter[int],
    found: dict[str, str],
    who: str,
) -> None:
    """Call one operation with generated input; what breaks a promise is noted, once each."""

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def held(case: Any) -> None:
        places = case.path_parameters or {}
        places.update({name: value for name, value in fill.items() if name in places})
        answer = case.call(headers=headers, timeout=30)
        answers[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as broken:
            said = "; ".join(f"{each.title}: {each.message}" for each in broken.exceptions)
            found.setdefault(f"{operation.label} {answer.status_code}", f"{who}: {said:.600}")

    held()
