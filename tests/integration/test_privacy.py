"""Looks, erasures, rotation and retention on real servers, over HTTP where people meet them."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI, Header

from services.intake.accounts.domain import AccountId, Principal, SessionId
from services.intake.accounts.store import AccountStore
from services.intake.api import audit
from services.intake.api import privacy as routes
from services.intake.archive import Archive
from services.intake.audit import REPORTER, Actor, Audit
from services.intake.domain.case import Case, Fact
from services.intake.evidence import EvidenceLimits
from services.intake.privacy import Extent, Places, PrivacyDesk, PrivacyError, Schedule, problem_of
from services.intake.privacy.__main__ import main
from services.intake.refusals import bad_token
from services.intake.refusals import problem_of as case_problem_of
from services.intake.shelf import Shelf
from services.intake.store import CaseStore, StoredCase
from shared import identity, mongo, problems, web
from shared.errors import CivicError, OutageError, StaleVersionError
from shared.events import CaseAssigned, CaseResolved, CaseSubmitted
from shared.identity import Purpose, Reporter, Seal, TrackingTokens, Vault, new_code, read_code
from shared.media import MediaSettings, MediaStore
from shared.media_names import original_name, public_name, thumbnail_name
from shared.mongo import Database, Tail
from shared.problems import not_found
from shared.regulation_model import Retention
from shared.rulebook import load_rulebook
from shared.settings import RULES
from shared.telemetry import REPORTERS_OPENED
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    Anonymity,
    CaseCode,
    ReporterId,
    Role,
    State,
    UnitId,
)
from tests.builders import RECEIVED, snapshot

OLD, NEW = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
WARD, OTHER = UnitId("ward_1"), UnitId("ward_2")
PERSON = Reporter(name="Nguyễn Thị Đào", phone="0263 3822 000", email="dao@example.vn")
TERMS = Retention(reporter_days_after_close=365, originals_days_after_close=180, source="test")

OFFICER = f"{Role.OFFICER} {WARD} a_17"
STRANGER = f"{Role.OFFICER} {OTHER} a_18"
CLERK = f"{Role.OFFICE_CLERK} {OFFICE} a_20"
LEADER = f"{Role.LEADER} {LEADERS} a_30"
ADMINISTRATOR = f"{Role.ADMINISTRATOR} - a_1"
OPERATOR = f"{Role.IOC_OPERATOR} ioc a_40"


def clock() -> datetime:
    return datetime.now(UTC)


async def current(who: Annotated[str, Header()]) -> Principal:
    """Who calls, by a header: how people sign in is not what this is about."""
    role, unit, account = who.split()
    return Principal(
        AccountId(account),
        account,
        Role(role),
        None if unit == "-" else UnitId(unit),
        SessionId("s_1"),
    )


@dataclass
class City:
    """All that is personal, on servers of its own databases and bucket."""

    intake: Database
    vaults: Database
    media: MediaStore
    published: list[Tail] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = CaseStore(self.intake)
        self.vault = Vault(self.vaults, Seal(OLD))
        self.audit = Audit(self.intake, clock)
        self.tokens = TrackingTokens(["secret"])
        book = load_rulebook(RULES / "regulations" / "dalat.yaml", RULES / "calendars", RECEIVED)
        self.shelf = Shelf(book)
        self.desk = PrivacyDesk(
            Places(self.store, self.vault, self.media, self.audit),
            shelf=self.shelf,
            publish=self.published.append,
            clock=clock,
        )

    async def find_own(self, typed: str, authorization: str) -> StoredCase:
        code = read_code(typed)
        stored = await self.store.load(code) if code else None
        if stored is None:
            raise not_found()
        if not self.tokens.valid(stored.case.code, authorization.removeprefix("Bearer ")):
            raise bad_token()
        return stored

    async def open_case(self, person: Reporter | None = PERSON, **changes: Any) -> CaseCode:
        """Open a case with a photo from each side; it differs from others by `changes`."""
        code = new_code("DL")
        reporter = await self.vault.store(person, RECEIVED) if person else None
        opened = snapshot(code=code, reporter=reporter)
        records = [await self.keep(code, "m1", "reporter"), await self.keep(code, "m2", "unit")]
        facts = [Fact(CaseSubmitted(at=RECEIVED, actor="reporter"))]
        await self.store.open_case(
            Case(
                snapshot=opened.model_copy(
                    update={"unit": WARD, "state": State.ASSIGNED, **changes}
                )
            ),
            facts,
            content={"text": "Đèn đường hỏng", "media": records},
            receipt={},
            idempotency={},
        )
        return code

    async def keep(self, code: CaseCode, identifier: str, source: str) -> dict[str, Any]:
        content = f"{code} {identifier}".encode()
        digest = sha256(content).hexdigest()
        names = {
            "original": original_name(code, digest),
            "public": public_name(code, digest, "jpg"),
            "thumbnail": thumbnail_name(code, digest),
        }
        for name in names.values():
            await self.media.put(name, content, "image/jpeg")
        forms = {
            form: {
                "object": name,
                "media_type": "image/jpeg",
                "suffix": "jpg",
                "size_bytes": len(content),
            }
            for form, name in names.items()
        }
        return {
            "id": identifier,
            "kind": "image",
            "name": "nhà chị Đào.jpg",
            "sha256": digest,
            "lat": 11.94,
            "lon": 108.45,
            "told": {"name": "nhà chị Đào.jpg"},
            "from": source,
            "variants": forms,
        }

    async def case(self, code: CaseCode) -> StoredCase:
        stored = await self.store.load(code)
        assert stored
        return stored

    async def sealed(self, code: CaseCode) -> dict[str, Any] | None:
        """The vault's document of a case's reporter, as it lies in the database."""
        stored = await self.case(code)
        return await self.vaults["reporters"].find_one({"_id": stored.opened.reporter})

    async def objects(self, code: CaseCode) -> list[str]:
        """What lies in the bucket of a case: `original reporter`, `public unit`, …"""
        digests = {
            sha256(f"{code} {each}".encode()).hexdigest(): source
            for each, source in (("m1", "reporter"), ("m2", "unit"))
        }
        names = [each.name async for each in self.media.objects(f"cases/{code}/")]
        return sorted(
            f"{name.split('/')[2]} {digests[name.split('/')[3].partition('.')[0]]}"
            for name in names
        )

    async def kinds(self, code: CaseCode) -> list[str]:
        return [each.kind for each in await self.audit.read(subject=code)]

    async def resolve(self, code: CaseCode) -> None:
        """Somebody else's change of the case."""
        while True:
            stored = await self.case(code)
            event = CaseResolved(
                at=clock(), actor="a_17", unit=WARD, outcome="solved", on_time=True
            )
            try:
                await self.store.save(stored, [Fact(event, {"text": "Đã sửa"})])
            except StaleVersionError:
                continue
            return


@pytest.fixture
async def city(mongo_url: str, database_prefix: str, s3: dict[str, Any]) -> AsyncIterator[City]:
    client = mongo.connect(mongo_url)
    media = MediaStore(MediaSettings(**s3))
    yield City(
        mongo.database(client, f"{database_prefix}_intake"),
        mongo.database(client, f"{database_prefix}_identity"),
        media,
    )
    media.close()
    client.close()


@pytest.fixture
async def web_client(city: City) -> AsyncIterator[httpx.AsyncClient]:
    limits = EvidenceLimits(
        files=1, file_bytes=1, total_bytes=1, pixels=1, audio_s=1, read_timeout_s=1
    )
    archive = Archive(city.media, limits, zone=ZoneInfo("Asia/Ho_Chi_Minh"), workers=1)
    app = FastAPI()
    problems.install(app)
    problems.translate(
        app, CivicError, lambda error, language: case_problem_of(error, language, city.shelf)
    )
    problems.translate(app, PrivacyError, problem_of)
    app.add_middleware(web.Envelope)
    parts = routes.Privacy(front=city, desk=city.desk, archive=archive, shelf=city.shelf)
    app.include_router(routes.create_router(parts, current))
    room = audit.AuditRoom(city.desk, AccountStore(city.intake))
    app.include_router(audit.create_router(room, current))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield client


def own(city: City, code: CaseCode) -> dict[str, str]:
    return {"Authorization": f"Bearer {city.tokens.issue(code)}"}


def opened(purpose: Purpose) -> float:
    return REPORTERS_OPENED.labels(purpose)._value.get()


# Looks


async def test_a_look_shows_the_reporter_and_its_reporter_sees_it(
    city: City, web_client: httpx.AsyncClient
) -> None:
    code = await city.open_case()
    before = opened(Purpose.CONTACT_REPORTER)

    answer = await web_client.get(
        f"/desk/cases/{code}/reporter?purpose=contact_reporter", headers={"who": OFFICER}
    )

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["name"], body["phone"], body["email"]) == (PERSON.name, PERSON.phone, PERSON.email)
    assert opened(Purpose.CONTACT_REPORTER) == before + 1
    [entry] = await city.audit.read(subject=code)
    assert (entry.kind, entry.actor, entry.unit) == ("reporter.viewed", "a_17", "ward_1")
    looks = await web_client.get(f"/reports/{code}/looks", headers=own(city, code))
    [look] = looks.json()["items"]
    assert look["unit_name"]["vi"] == "UBND phường 1"
    assert look["purpose"]["name"]["vi"] == "Liên hệ người phản ánh"
    assert (look["role"], look["kind"]) == ("officer", "reporter.viewed")
    assert look["at"].endswith("+07:00")
    assert "a_17" not in looks.text  # the unit answers for it, the person is not handed out
    assert "Đào" not in looks.text


@pytest.mark.parametrize("purpose", ["", "?purpose=", "?purpose=curiosity", "?purpose=delivery"])
async def test_no_look_without_a_purpose_that_people_have(
    city: City, web_client: httpx.AsyncClient, purpose: str
) -> None:
    code = await city.open_case()

    answer = await web_client.get(f"/desk/cases/{code}/reporter{purpose}", headers={"who": OFFICER})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "purpose"
    assert await city.kinds(code) == []


@pytest.mark.parametrize(
    ("changes", "who", "status", "kinds"),
    [
        pytest.param({}, OFFICER, 200, ["reporter.viewed"], id="handling unit, open"),
        pytest.param({}, CLERK, 200, ["reporter.viewed"], id="the Office, open"),
        pytest.param({}, STRANGER, 404, [], id="another ward does not learn of it"),
        pytest.param({}, ADMINISTRATOR, 404, [], id="an administrator has no part"),
        pytest.param({}, OPERATOR, 404, [], id="the IOC has no part"),
        pytest.param(
            {"anonymity": Anonymity.CONFIDENTIAL},
            OFFICER,
            403,
            ["reporter.look_refused"],
            id="handling unit, confidential",
        ),
        pytest.param(
            {"anonymity": Anonymity.CONFIDENTIAL},
            LEADER,
            200,
            ["reporter.viewed"],
            id="a leader, confidential",
        ),
        pytest.param(
            {"monitoring_unit": OTHER}, STRANGER, 403, ["reporter.look_refused"], id="who watches"
        ),
        pytest.param({"anonymity": Anonymity.ANONYMOUS}, LEADER, 404, [], id="anonymous"),
        pytest.param({"about": (OFFICE,)}, CLERK, 404, [], id="the Office about itself"),
        pytest.param({"restricted": True}, OFFICER, 404, [], id="a denunciation, to the unit"),
        pytest.param({"restricted": True}, CLERK, 200, ["reporter.viewed"], id="to the Office"),
    ],
)
async def test_who_sees_the_reporter_over_http(
    city: City,
    web_client: httpx.AsyncClient,
    changes: dict[str, Any],
    *,
    who: str,
    status: int,
    kinds: list[str],
) -> None:
    code = await city.open_case(**changes)

    answer = await web_client.get(
        f"/desk/cases/{code}/reporter?purpose=verify_report", headers={"who": who}
    )

    assert answer.status_code == status
    assert await city.kinds(code) == kinds
    assert ("Đào" in answer.text) == (status == 200)
    looks = await web_client.get(f"/reports/{code}/looks", headers=own(city, code))
    assert len(looks.json()["items"]) == (status == 200)


async def test_a_foreign_case_looks_like_none(city: City, web_client: httpx.AsyncClient) -> None:
    code, nothing = await city.open_case(), new_code("DL")

    answers = [
        await web_client.get(
            f"/desk/cases/{each}/reporter?purpose=verify_report", headers={"who": STRANGER}
        )
        for each in (code, nothing, "nonsense")
    ]

    assert [each.status_code for each in answers] == [404] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()


async def test_nothing_is_shown_while_the_audit_cannot_be_written(
    city: City, web_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await city.open_case()
    before = opened(Purpose.VERIFY_REPORT)

    async def away(_documents: Any) -> int:
        raise OutageError("MongoDB: away")

    monkeypatch.setattr(city.audit.documents, "append", away)

    answers = [
        await web_client.get(
            f"/desk/cases/{code}/{what}?purpose=verify_report", headers={"who": OFFICER}
        )
        for what in ("reporter", "media/m1/original")
    ]

    assert [each.status_code for each in answers] == [503, 503]
    assert "Đào" not in answers[0].text
    assert opened(Purpose.VERIFY_REPORT) == before


async def test_a_machine_that_delivers_is_counted_and_not_in_the_audit(city: City) -> None:
    code = await city.open_case()
    reporter = (await city.case(code)).opened.reporter
    assert reporter
    before = opened(Purpose.DELIVERY)

    assert await city.vault.read(reporter) == PERSON

    assert opened(Purpose.DELIVERY) == before + 1
    assert await city.kinds(code) == []


@pytest.mark.parametrize("call", ["GET looks", "DELETE reporter"])
async def test_a_reporters_own_calls_need_the_token_of_this_case(
    city: City, web_client: httpx.AsyncClient, call: str
) -> None:
    code, another = await city.open_case(), await city.open_case()
    method, what = call.split()

    for headers in ({}, own(city, another), {"Authorization": "Bearer x"}):
        answer = await web_client.request(method, f"/reports/{code}/{what}", headers=headers)
        assert answer.status_code == 401
    unknown = await web_client.request(method, f"/reports/{new_code('DL')}/{what}")

    assert unknown.status_code == 404
    assert await city.sealed(code)
    assert "key" in (await city.sealed(code) or {})


async def test_looks_are_listed_page_by_page(city: City, web_client: httpx.AsyncClient) -> None:
    code = await city.open_case()
    for _ in range(5):
        await web_client.get(
            f"/desk/cases/{code}/reporter?purpose=verify_report", headers={"who": CLERK}
        )

    pages, after = [], 0
    while after is not None:
        page = await web_client.get(
            f"/reports/{code}/looks?limit=2&after={after}", headers=own(city, code)
        )
        pages.append(len(page.json()["items"]))
        after = page.json()["next"]

    assert pages == [2, 2, 1]


# Originals


@pytest.mark.parametrize(
    ("changes", "who", "media", "status"),
    [
        pytest.param({}, OFFICER, "m1", 200, id="handling unit, open"),
        pytest.param({}, STRANGER, "m1", 404, id="another ward"),
        pytest.param({"anonymity": Anonymity.CONFIDENTIAL}, OFFICER, "m1", 403, id="confidential"),
        pytest.param({"anonymity": Anonymity.CONFIDENTIAL}, CLERK, "m1", 200, id="to the Office"),
        pytest.param({"anonymity": Anonymity.ANONYMOUS}, CLERK, "m1", 403, id="anonymous"),
        pytest.param({"anonymity": Anonymity.ANONYMOUS}, OFFICER, "m2", 200, id="the unit's own"),
        pytest.param({}, OFFICER, "m3", 404, id="no such file"),
    ],
)
async def test_an_original_is_opened_like_its_reporter(
    city: City,
    web_client: httpx.AsyncClient,
    changes: dict[str, Any],
    *,
    who: str,
    media: str,
    status: int,
) -> None:
    code = await city.open_case(**changes)

    answer = await web_client.get(
        f"/desk/cases/{code}/media/{media}/original?purpose=verify_report", headers={"who": who}
    )

    assert answer.status_code == status
    if status == 200:
        assert answer.content == f"{code} {media}".encode()
        assert answer.headers["cache-control"] == "no-store"
        [entry] = await city.audit.read(subject=code, kinds=["original.viewed"])
        assert entry.detail["media"] == media


# Erasure


async def test_an_erasure_shreds_the_key_and_the_case_goes_on(
    city: City, web_client: httpx.AsyncClient
) -> None:
    code = await city.open_case()
    wrapped = await city.sealed(code)
    assert wrapped

    answer = await web_client.delete(f"/reports/{code}/reporter", headers=own(city, code))

    assert (answer.status_code, answer.content) == (204, b"")
    tombstone = await city.sealed(code)
    assert tombstone
    assert set(tombstone) == {"_id", "created_at", "erased_at"}
    assert await city.objects(code) == [
        "original unit",
        "public reporter",
        "public unit",
        "thumbnail reporter",
        "thumbnail unit",
    ]
    stored = await city.case(code)
    assert stored.case.snapshot.reporter is None
    assert stored.content["text"] == "Đèn đường hỏng"
    assert "original" not in stored.content["media"][0]["variants"]
    assert "Đào" not in str(stored.content["media"][0])
    assert [each.type for each in (fact.event for fact in stored.facts())] == [
        "case.reporter_erased.v1"
    ]
    assert [each.key for each in city.published[-1].entries][-1] == "case.reporter_erased.v1"
    [entry] = await city.audit.read(subject=code)
    assert (entry.kind, entry.actor, entry.detail) == (
        "reporter.erased",
        "reporter",
        {"media": "originals"},
    )
    gone = await web_client.get(
        f"/desk/cases/{code}/reporter?purpose=verify_report", headers={"who": CLERK}
    )
    assert gone.status_code == 410
    assert gone.json()["type"].endswith("reporter_erased")
    await city.resolve(code)  # the case goes on


async def test_an_erasure_twice_is_one_erasure(city: City, web_client: httpx.AsyncClient) -> None:
    code = await city.open_case()

    answers = [
        await web_client.delete(f"/reports/{code}/reporter", headers=own(city, code))
        for _ in range(3)
    ]

    assert [each.status_code for each in answers] == [204, 204, 204]
    assert await city.kinds(code) == ["reporter.erased"]
    assert len((await city.case(code)).history) == 2


async def test_all_media_go_when_the_reporter_asks_for_it_also_later(
    city: City, web_client: httpx.AsyncClient
) -> None:
    code = await city.open_case()
    await web_client.delete(f"/reports/{code}/reporter", headers=own(city, code))

    answer = await web_client.delete(f"/reports/{code}/reporter?media=all", headers=own(city, code))

    assert answer.status_code == 204
    assert await city.objects(code) == ["original unit", "public unit", "thumbnail unit"]
    stored = await city.case(code)
    assert stored.content["media"][0]["variants"] == {}
    assert set(stored.content["media"][1]["variants"]) == {"original", "public", "thumbnail"}
    entries = await city.audit.read(subject=code)
    assert [each.detail["media"] for each in entries] == ["originals", "all"]


async def test_a_reporter_who_left_nothing_can_still_take_the_originals_back(
    city: City, web_client: httpx.AsyncClient
) -> None:
    code = await city.open_case(None, anonymity=Anonymity.ANONYMOUS)

    answer = await web_client.delete(f"/reports/{code}/reporter", headers=own(city, code))

    assert answer.status_code == 204
    assert "original reporter" not in await city.objects(code)
    assert len((await city.case(code)).history) == 1  # nobody was erased: there was nobody


async def test_an_upload_on_its_way_is_left_alone_and_one_that_nobody_ended_is_not(
    city: City,
) -> None:
    code = await city.open_case()
    orphan = original_name(code, "f" * 64)
    await city.media.put(orphan, b"x", "image/jpeg")

    await city.desk.erase(code, Extent.REPORTER, REPORTER)
    young = await city.media.stat(orphan)
    await city.media.put(public_name(code, "e" * 64, "jpg"), b"y", "image/jpeg")
    places = Places(city.store, city.vault, city.media, city.audit)
    tomorrow = PrivacyDesk(
        places,
        shelf=city.shelf,
        publish=city.published.append,
        clock=lambda: clock() + timedelta(days=1),
    )
    await tomorrow.erase(code, Extent.ALL, REPORTER)

    assert young
    assert await city.objects(code) == ["original unit", "public unit", "thumbnail unit"]


@pytest.mark.parametrize("step", ["append", "shred", "remove", "save"])
async def test_an_erasure_that_breaks_off_says_so_and_the_same_call_finishes_it(
    city: City, web_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    code = await city.open_case()
    part = {
        "append": city.audit.documents,
        "shred": city.vault,
        "remove": city.media,
        "save": city.store,
    }[step]

    async def away(*_: Any, **__: Any) -> Any:
        raise OutageError("away")

    with monkeypatch.context() as broken:
        broken.setattr(part, step, away)
        first = await web_client.delete(f"/reports/{code}/reporter", headers=own(city, code))
    noted = await city.kinds(code)
    second = await web_client.delete(f"/reports/{code}/reporter", headers=own(city, code))

    assert (first.status_code, second.status_code) == (503, 204)
    assert noted == ([] if step == "append" else ["reporter.erased"])
    assert "key" not in (await city.sealed(code) or {})
    assert "original reporter" not in await city.objects(code)
    assert (await city.case(code)).case.snapshot.reporter is None


async def test_erasures_and_other_changes_at_once_lose_nothing(city: City) -> None:
    code = await city.open_case()

    results = await asyncio.gather(
        *(city.desk.erase(code, Extent.REPORTER, REPORTER) for _ in range(5)),
        city.resolve(code),
        city.desk.erase(code, Extent.ALL, Actor("retention")),
        return_exceptions=True,
    )

    assert [each for each in results if isinstance(each, Exception)] == []
    types = sorted(each["type"] for each in (await city.case(code)).history)
    assert types == ["case.reporter_erased.v1", "case.resolved.v1", "case.submitted.v1"]
    assert await city.objects(code) == ["original unit", "public unit", "thumbnail unit"]


async def test_evidence_that_is_added_while_an_erasure_runs_is_not_forgotten(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the case and the last write another photo comes in."""
    code = await city.open_case()
    shred = city.vault.shred

    async def slowly(reporter: ReporterId, at: datetime) -> bool:
        stored = await city.case(code)
        if len(stored.content["media"]) == 2:
            more = await city.keep(code, "m3", "unit")
            event = CaseAssigned(
                at=clock(),
                actor="router",
                unit=WARD,
                monitoring_unit=OTHER,
                routing_sequence=1,
                rule="r",
                category=stored.case.snapshot.category,
                category_origin="reporter",
                due_at=RECEIVED,
                limit_s=1,
                clock="working",
            )
            await city.store.save(stored, [Fact(event)], push={"content.media": [more]})
        return await shred(reporter, at)

    monkeypatch.setattr(city.vault, "shred", slowly)

    assert await city.desk.erase(code, Extent.REPORTER, REPORTER)

    media = (await city.case(code)).content["media"]
    assert [each["id"] for each in media] == ["m1", "m2", "m3"]
    assert set(media[2]["variants"]) == {"original", "public", "thumbnail"}


# The audit over HTTP


@pytest.mark.parametrize(
    ("who", "status", "kinds"),
    [
        pytest.param(CLERK, 200, ["account.changed", "reporter.viewed"], id="the Office"),
        pytest.param(
            LEADER, 200, ["account.changed", "reporter.viewed", "reporter.viewed"], id="a leader"
        ),
        pytest.param(ADMINISTRATOR, 200, ["account.changed"], id="an administrator"),
        pytest.param(OFFICER, 403, [], id="an officer"),
        pytest.param(OPERATOR, 403, [], id="the IOC"),
    ],
)
async def test_who_reads_the_audit(
    city: City, web_client: httpx.AsyncClient, *, who: str, status: int, kinds: list[str]
) -> None:
    plain, about_office = await city.open_case(), await city.open_case(about=(OFFICE,))
    await city.audit.note_account("account.changed", "a_1", "a_17", {"fields": ["unit"]})
    for code in (plain, about_office):
        await web_client.get(
            f"/desk/cases/{code}/reporter?purpose=verify_report", headers={"who": LEADER}
        )

    answer = await web_client.get("/desk/audit", headers={"who": who})

    assert answer.status_code == status
    assert [each["kind"] for each in answer.json().get("items", [])] == kinds
    assert (about_office in answer.text) == (who == LEADER)


async def test_the_audit_is_read_by_subject_and_kind_and_in_pages(
    city: City, web_client: httpx.AsyncClient
) -> None:
    code = await city.open_case()
    for number in range(3):
        await city.audit.note_account("account.changed", "a_1", f"a_{number}", {})
    await web_client.get(
        f"/desk/cases/{code}/reporter?purpose=verify_report", headers={"who": OFFICER}
    )

    async def read(query: str) -> tuple[list[int], int | None]:
        answer = await web_client.get(f"/desk/audit?{query}", headers={"who": LEADER})
        body = answer.json()
        return [each["number"] for each in body["items"]], body["next"]

    assert await read(f"subject={code}") == ([4], None)
    assert await read("kind=account.changed") == ([1, 2, 3], None)
    assert await read("limit=3") == ([1, 2, 3], 3)
    assert await read("limit=3&after=3") == ([4], None)
    assert await read("limit=3&order=newest") == ([4, 3, 2], 2)
    assert await read("limit=3&order=newest&cursor=2") == ([1], None)
    hidden = await web_client.get(
        f"/desk/audit?subject={code}&kind=reporter.viewed", headers={"who": ADMINISTRATOR}
    )
    assert hidden.json()["items"] == []


# Rotation of the master key


async def fill(vault: Vault, count: int) -> list[ReporterId]:
    people = [Reporter(name=f"Người {number}") for number in range(count)]
    return await asyncio.gather(*(vault.store(each, RECEIVED) for each in people))


async def test_after_a_rotation_the_old_key_opens_nothing_and_the_new_one_everything(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity.vault, "ROTATION_BATCH", 10)
    people = await fill(city.vault, 35)
    await city.vaults["reporters"].update_many(
        {"_id": {"$in": people[:5]}}, {"$unset": {"key_id": ""}}
    )  # as documents were before keys had names
    await city.vault.shred(people[34], RECEIVED)
    both = Vault(city.vaults, Seal(f"{NEW},{OLD}"))
    newest = await both.store(PERSON, RECEIVED)

    found = await both.rotate()

    assert (found.rewrapped, found.current, found.left, found.erased) == (34, 35, 0, 1)
    only_new = Vault(city.vaults, Seal(NEW))
    names = [(await only_new.read(each)) for each in people]
    assert [each.name if each else None for each in names] == [
        *(f"Người {number}" for number in range(34)),
        None,
    ]
    assert await only_new.read(newest) == PERSON
    again = await both.rotate()
    assert (again.rewrapped, again.current) == (0, 35)


async def test_a_rotation_that_was_interrupted_goes_on(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity.vault, "ROTATION_BATCH", 10)
    await fill(city.vault, 30)
    both = Vault(city.vaults, Seal(f"{NEW},{OLD}"))
    update_each, calls = both._documents.update_each, 0

    async def breaks(changes: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OutageError("away")
        await update_each(changes)

    monkeypatch.setattr(both._documents, "update_each", breaks)
    with pytest.raises(OutageError):
        await both.rotate()

    found = await both.rotate()

    assert (found.rewrapped, found.current, found.left) == (20, 30, 0)


async def test_a_rotation_runs_beside_reports_looks_and_erasures(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity.vault, "ROTATION_BATCH", 20)
    people = await fill(city.vault, 200)
    both = Vault(city.vaults, Seal(f"{NEW},{OLD}"))

    async def shred() -> None:
        for each in people[::4]:
            await both.shred(each, RECEIVED)

    async def look() -> list[Reporter | None]:
        return [await both.read(each) for each in people[1::4]]

    _, added, _, seen = await asyncio.gather(both.rotate(), fill(both, 50), shred(), look())
    last = await both.rotate()

    assert all(seen)
    assert (last.left, last.erased, last.current) == (0, 50, 200)
    only_new = Vault(city.vaults, Seal(NEW))
    assert all([await only_new.read(each) for each in (*people[1::4], *added)])
    assert not any([await only_new.read(each) for each in people[::4]])
    assert (
        await city.vaults["reporters"].count_documents(
            {"erased_at": {"$exists": True}, "key": {"$exists": True}}
        )
        == 0
    )


@dataclass
class Ran:
    status: int
    out: str
    err: str


Command = Callable[..., Awaitable[Ran]]


@pytest.fixture
def command(
    mongo_url: str,
    database_prefix: str,
    s3: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Run `python -m services.intake.privacy` in this process, in a loop of its own."""
    monkeypatch.setenv("INTAKE_PROFILE", "dev")
    monkeypatch.setenv("INTAKE_MONGO_URL", mongo_url)
    monkeypatch.setenv("INTAKE_DATABASE_PREFIX", database_prefix)
    for name, value in s3.items():
        monkeypatch.setenv(f"INTAKE_S3_{name.upper()}", value)

    async def run(*words: str, sealing_key: str = OLD) -> Ran:
        monkeypatch.setenv("INTAKE_SEALING_KEY", sealing_key)
        status = await asyncio.to_thread(main, words)
        said = capsys.readouterr()
        return Ran(status, said.out, said.err)

    return run


async def test_the_rotation_command_counts_and_says_when_the_old_key_may_go(
    city: City, command: Command
) -> None:
    await fill(city.vault, 7)
    stranger = base64.b64encode(bytes(32)).decode()
    await Vault(city.vaults, Seal(stranger)).store(PERSON, RECEIVED)

    first = await command("rotate-keys", sealing_key=f"{NEW},{OLD}")
    second = await command("rotate-keys", sealing_key=f"{NEW},{OLD},{stranger}")

    assert first.status == 1
    assert "7 re-wrapped now, 7 under the new key, 1 left" in first.out
    assert "must stay" in first.out
    assert second.status == 0
    assert "1 re-wrapped now, 8 under the new key, 0 left" in second.out
    assert "destroyed" in second.out


# Retention


async def end(city: City, code: CaseCode, days_ago: int, state: State = State.CLOSED) -> None:
    """Let a case have ended some days ago."""
    at = clock() - timedelta(days=days_ago)
    await city.intake["cases"].update_one(
        {"_id": code}, {"$set": {"case.state": state, "history.$[].event.at": at}}
    )


async def test_the_schedule_takes_what_is_due_and_nothing_else(
    city: City, command: Command
) -> None:
    ages = {"fresh": 10, "half": 200, "old": 400, "open": 4000, "erased": 400}
    codes = {name: await city.open_case() for name in ages}
    await city.desk.erase(codes["erased"], Extent.REPORTER, REPORTER)
    for name, days in ages.items():
        await end(city, codes[name], days, State.ACCEPTED if name == "open" else State.CLOSED)

    dry = await command("retain")

    assert dry.status == 0
    assert f"{codes['half']}  originals" in dry.out
    assert f"{codes['old']}  reporter" in dry.out
    assert not any(codes[name] in dry.out for name in ("fresh", "open", "erased"))
    assert "--apply does it" in dry.out
    assert "original reporter" in await city.objects(codes["old"])

    done = await command("retain", "--apply")

    assert done.status == 0
    assert "erased: originals of 1, reporter of 1" in done.out
    for name in ("fresh", "open"):
        assert "key" in (await city.sealed(codes[name]) or {})
        assert "original reporter" in await city.objects(codes[name])
    assert "key" in (await city.sealed(codes["half"]) or {})
    assert "original reporter" not in await city.objects(codes["half"])
    assert "public reporter" in await city.objects(codes["half"])
    assert "key" not in (await city.sealed(codes["old"]) or {})
    assert await city.kinds(codes["half"]) == ["originals.erased"]
    [entry] = await city.audit.read(subject=codes["old"])
    assert (entry.kind, entry.actor) == ("reporter.erased", "retention")
    owed = await city.intake["cases"].find_one({"_id": codes["old"]})
    assert owed
    assert owed["outbox"][-1]["key"] == "case.reporter_erased.v1"  # any intake publishes it
    assert "erased: nothing" in (await command("retain", "--apply")).out


async def test_a_case_that_is_reopened_before_its_turn_keeps_everything(city: City) -> None:
    code = await city.open_case()
    await end(city, code, 400)
    schedule = Schedule(city.store, TERMS, clock)
    [due] = [each async for each in schedule.due()]
    await end(city, code, 400, State.REOPENED)

    assert not await schedule.apply(due, city.desk)

    assert "key" in (await city.sealed(code) or {})


async def test_due_cases_are_found_beyond_one_page(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.privacy.retention.PAGE", 2)
    codes = [await city.open_case() for _ in range(5)]
    for code in codes:
        await end(city, code, 400)

    found = [each.code async for each in Schedule(city.store, TERMS, clock).due()]

    assert found == sorted(codes)


async def test_a_retention_without_servers_ends_with_2(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAKE_MONGO_URL", "mongodb://127.0.0.1:1/?replicaSet=rs0")

    away = await command("retain", "--apply")

    assert away.status == 2
    assert "run it again" in away.err
