"""The accounts that a local stack offers to try the officials' side with.

One of every role; of every department, service unit and ward an officer and a head. They are put
into the stack's own database once intake is ready, and left alone when they are there already.
Their passwords are derived from a secret of the stack, so that nothing more has to be kept.
"""

import asyncio
import base64
import hmac
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from deploy.local.credentials import Credentials
from deploy.local.probes import Probe
from deploy.local.program import Program
from services.intake.accounts import domain
from services.intake.accounts.contacts import Contacts
from services.intake.accounts.domain import HANDLING
from services.intake.accounts.passwords import Cost, Passwords
from services.intake.accounts.registry import new_account_id
from services.intake.accounts.store import AccountStore, Page
from shared.directory import Directory
from shared.errors import DuplicateError, OutageError
from shared.mongo import connect, database
from shared.regulation import Unit, load_regulation
from shared.settings import RULES
from shared.vocabulary import Role, UnitId, UnitKind

MAKER = "stack"  # who issued them
PASSWORD_BYTES = 18
# 144 random bits need no costly hash, and sixty of them would take seconds; the first sign-in
# replaces it by one of the service's own cost.
CHEAP = Cost(memory_kib=64, passes=1, lanes=1)

ONCE: Mapping[UnitKind, tuple[Role, str]] = {
    UnitKind.OFFICE: (Role.OFFICE_CLERK, "Chuyên viên"),
    UnitKind.LEADERS: (Role.LEADER, ""),
    UnitKind.IOC: (Role.IOC_OPERATOR, "Trực ban"),
    UnitKind.ONESTOP: (Role.ONESTOP_CLERK, "Cán bộ tiếp nhận"),
}


class Account(TypedDict):
    """One account, as stack.json lists it; an administrator belongs to no unit."""

    username: str
    password: str
    role: str
    unit: str | None
    display_name: str


def accounts(credentials: Credentials) -> list[Account]:
    """Return the accounts of a stack, for the regulation that its services are given."""
    path = Path(os.environ.get("INTAKE_REGULATION") or RULES / "regulations" / "dalat.yaml")
    calendars = Path(os.environ.get("INTAKE_CALENDARS") or RULES / "calendars")
    units = load_regulation(path, calendars).units_on(datetime.now(UTC).date())
    return [
        Account(
            username=username,
            password=_password(credentials, username),
            role=role.value,
            unit=unit,
            display_name=name,
        )
        for username, role, unit, name in _people(units)
    ]


def seeding(programs: Iterable[Program], people: Sequence[Account]) -> list[Program]:
    """Return the programs, with an intake that is ready only when it knows these people."""
    return [
        replace(each, ready=_knowing(each, people)) if each.name == "intake" else each
        for each in programs
    ]


async def seed(mongo_url: str, prefix: str, people: Sequence[Account]) -> None:
    """Put the accounts that are missing into intake's database; the others stay as they are.

    Raises:
        OutageError: MongoDB is away.
    """
    client, passwords = connect(mongo_url), Passwords(CHEAP, workers=1, waiting=len(people))
    try:
        store = AccountStore(database(client, f"{prefix}_intake"))
        known = {each.username for each in await store.page(Page(limit=10_000))}
        missing = [each for each in people if each["username"] not in known]
        hashes = [await passwords.hash(each["password"]) for each in missing]
        contacts = Contacts(Directory(database(client, f"{prefix}_identity")), store)
        await asyncio.gather(
            *(_add(store, contacts, *each) for each in zip(missing, hashes, strict=True))
        )
    finally:
        passwords.close()
        client.close()


async def _add(store: AccountStore, contacts: Contacts, person: Account, hashed: str) -> None:
    now = datetime.now(UTC)
    account = domain.Account(
        id=new_account_id(),
        username=person["username"],
        display_name=person["display_name"],
        role=Role(person["role"]),
        unit=UnitId(person["unit"]) if person["unit"] else None,
        email=f"{person['username']}@dalat.example",  # a domain that only the mail sink takes
        password=hashed,
        must_change=False,
        created_at=now,
        created_by=MAKER,
        changed_at=now,
        changed_by=MAKER,
    )
    try:
        await store.add(account)
    except DuplicateError:
        return  # somebody has just issued it by hand
    await contacts.announce(account)


def _knowing(intake: Program, people: Sequence[Account]) -> Probe:
    prefix = os.environ.get("INTAKE_DATABASE_PREFIX") or "civic"

    async def ready() -> bool:
        if not await intake.ready():
            return False
        try:
            await seed(intake.environment["INTAKE_MONGO_URL"], prefix, people)
        except OutageError:
            return False
        return True

    return ready


def _people(units: Iterable[Unit]) -> Iterator[tuple[str, Role, UnitId | None, str]]:
    """Yield username, role, unit and name of everybody."""
    yield "administrator", Role.ADMINISTRATOR, None, "Quản trị viên"
    for unit in units:
        if unit.kind in HANDLING:
            yield f"officer.{unit.id}", Role.OFFICER, unit.id, f"Cán bộ {unit.short}"
            yield f"head.{unit.id}", Role.UNIT_HEAD, unit.id, f"Thủ trưởng {unit.short}"
        else:
            role, title = ONCE[unit.kind]
            yield role.value, role, unit.id, f"{title} {unit.short}".strip()


def _password(credentials: Credentials, username: str) -> str:
    digest = hmac.digest(credentials.account_secret.encode(), username.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:PASSWORD_BYTES]).decode()
