"""Accounts on a real MongoDB, with a clock that the test moves and the notes that were made."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from services.intake.accounts.domain import AccountError
from services.intake.accounts.door import Caller
from services.intake.accounts.passwords import Cost
from services.intake.accounts.refusals import problem_of
from services.intake.accounts.registry import NewAccount
from services.intake.accounts.sessions import Admission, Lifetimes
from services.intake.accounts.wiring import Accounts, AccountSettings, build
from services.intake.api import admin_accounts, auth
from shared import mongo, problems, web
from shared.vocabulary import Role, UnitId
from tests.builders import dalat

SETTINGS = AccountSettings(
    lifetimes=Lifetimes(timedelta(minutes=20), timedelta(hours=12)),
    cost=Cost(memory_kib=64, passes=1, lanes=1),
    failures_per_address=0,
    refused_after_s=0,
)
PASSWORD = "mưa phùn tháng ba"
CALLER = Caller("192.0.2.1", "Firefox/140")


@dataclass
class World:
    """One process that knows accounts; several on one database are several replicas."""

    accounts: Accounts
    notes: list[tuple[str, str, str, Mapping[str, Any]]]
    now: list[datetime] = field(default_factory=list[datetime])

    def later(self, **how_much: float) -> None:
        self.now[0] += timedelta(**how_much)

    def noted(self, kind: str) -> list[Mapping[str, Any]]:
        return [detail for each, _, _, detail in self.notes if each == kind]

    async def issue(self, username: str, role: Role = Role.OFFICER, **changes: Any) -> None:
        unit = UnitId("ward_1") if role in {Role.OFFICER, Role.UNIT_HEAD} else None
        new = NewAccount(username, username, role, unit, password=PASSWORD, must_change=False)
        await self.accounts.registry.create(replace(new, **changes), "test")

    async def sign_in(self, username: str, password: str = PASSWORD) -> Admission:
        return await self.accounts.door.sign_in(username, password, CALLER)

    def app(self) -> FastAPI:
        """The routes, as intake serves them."""

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
            yield

        app = web.create("accounts", lifespan)
        problems.translate(app, AccountError, problem_of)
        guard = auth.Guard(self.accounts.sessions)
        gate = auth.Gate(self.accounts, guard)
        app.include_router(auth.create_router(gate), prefix="/api/v1")
        app.include_router(admin_accounts.create_router(self.accounts, guard), prefix="/api/v1")
        return app

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app(), client=("192.0.2.1", 1))
        return httpx.AsyncClient(transport=transport, base_url="http://intake/api/v1")


@asynccontextmanager
async def world(
    mongo_url: str, prefix: str, settings: AccountSettings = SETTINGS
) -> AsyncGenerator[World, None]:
    """Open a world on the databases of a prefix."""
    client = mongo.connect(mongo_url)
    notes: list[tuple[str, str, str, Mapping[str, Any]]] = []
    now = [datetime.now(UTC).replace(microsecond=0)]
    units = {each.id: each.kind for each in dalat().units_on(now[0].date())}

    async def note(kind: str, actor: str, subject: str, detail: Mapping[str, Any]) -> None:
        notes.append((kind, actor, subject, detail))

    base = mongo.database(client, f"{prefix}_intake")
    accounts = build(base, settings, lambda: units, lambda: now[0], note=note)
    for each in accounts.collections:
        await each.ensure_indexes()
    yield World(accounts, notes, now)
    accounts.passwords.close()
    client.close()
