"""The accounts that a local stack offers: everybody of its regulation, and nobody else's."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.accounts import accounts
from deploy.local.credentials import load_or_make
from services.intake.accounts.domain import HANDLING, USERNAME, unit_for
from services.intake.accounts.password_rules import weaknesses
from shared.settings import RULES
from shared.vocabulary import Role, UnitId, UnitKind
from tests.builders import RECEIVED, dalat, five_wards


@pytest.mark.parametrize(
    ("file", "regulation"),
    [
        pytest.param("dalat.yaml", dalat(), id="dalat"),
        pytest.param("lamdong-5-wards.yaml", five_wards(), id="five wards"),
    ],
)
def test_every_unit_of_the_regulation_has_its_people(
    file: str, regulation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("INTAKE_REGULATION", str(RULES / "regulations" / file))
    units = {each.id: each.kind for each in regulation.units_on(RECEIVED.date())}

    people = accounts(load_or_make(tmp_path / "secrets.json"))

    assert {each["role"] for each in people} == set(Role)
    for role in (Role.OFFICER, Role.UNIT_HEAD):
        served = {each["unit"] for each in people if each["role"] == role}
        assert served == {unit for unit, kind in units.items() if kind in HANDLING}
        assert served >= {unit for unit, kind in units.items() if kind is UnitKind.WARD}
    for each in people:
        asked = UnitId(each["unit"]) if each["unit"] else None
        assert unit_for(Role(each["role"]), asked, units) == each["unit"]
        assert USERNAME.fullmatch(each["username"])
        assert weaknesses(each["password"], each["username"]) == []
    assert len({each["username"] for each in people}) == len(people)
    assert len({each["password"] for each in people}) == len(people)


def test_passwords_outlive_a_restart_and_are_another_stacks_never(tmp_path: Path):
    first, other = tmp_path / "secrets.json", tmp_path / "others.json"

    assert accounts(load_or_make(first)) == accounts(load_or_make(first))
    assert first.stat().st_mode & 0o777 == 0o600
    known = {each["password"] for each in accounts(load_or_make(first))}
    assert known.isdisjoint(each["password"] for each in accounts(load_or_make(other)))
