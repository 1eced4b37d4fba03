"""Disclosures on real servers, over HTTP: asked for, agreed to, handed out, taken back."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Annotated, Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI, Header

from services.intake.accounts.domain import AccountId, Principal, SessionId
from services.intake.api import disclosures as routes
from services.intake.archive import Archive
from services.intake.audit import Audit
from services.intake.disclosures.desk import DisclosureDesk, Places
from services.intake.disclosures.model import DisclosureError
from services.intake.disclosures.refusals import problem_of
from services.intake.disclosures.store import DisclosureStore
from services.intake.domain.case import Case, Fact
from services.intake.evidence import EvidenceLimits
from services.intake.privacy.desk import DISCLOSED
from services.intake.refusals import problem_of as case_problem_of
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from shared import mongo, problems, web
from shared.errors import CivicError, OutageError
from shared.events import EVENTS, CaseSubmitted, Received
from shared.identity import Reporter, Seal, Vault, new_code
from shared.media import MediaSettings, MediaStore
from shared.media_names import public_name
from shared.mongo import Database, Tail
from shared.rulebook import load_rulebook
from shared.settings import RULES
from shared.vocabulary import LEADERS, OFFICE, Anonymity, CaseCode, Role, State, UnitId
from tests.builders import RECEIVED, snapshot
from tests.hostile.pictures import photo

WARD, MONITOR = UnitId("ward_1"), UnitId("urban_order_team")
PERSON = Reporter(name="Nguyễn Thị Đào", phone="0263 3822 000", email="dao@example.vn")
TEXT = "Lấn chiếm vỉa hè trước nhà văn hoá"
PICTURE, SOUND = photo(400, 300), b"a recording without metadata"

OFFICER = f"{Role.OFFICER} {WARD} a_17"
STRANGER = f"{Role.UNIT_HEAD} ward_2 a_18"
WATCHER = f"{Role.OFFICER} {MONITOR} a_19"
CLERK = f"{Role.OFFICE_CLERK} {OFFICE} a_20"
LEADER = f"{Role.LEADER} {LEADERS} a_30"
OTHER_LEADER = f"{Role.LEADER} {LEADERS} a_31"
OPERATOR = f"{Role.IOC_OPERATOR} ioc a_40"
ADMINISTRATOR = f"{Role.ADMINISTRATOR} - a_1"


def clock() -> datetime:
    return datetime.now(UTC)


async def current(who: Annotated[str, Header()]) -> Principal:
    """Who calls, by a header: how people sign in is not what this is about."""
    role, unit, account = who.split()
    own = None if unit == "-" else UnitId(unit)
    return Principal(AccountId(account), account, Role(role), own, SessionId("s_1"))


class SlowArchive(Archive):
    """An archive that lets something happen while a package is made."""

    meanwhile: Any = None

    async def read(self, name: str, start: int, length: int) -> AsyncIterator[bytes]:
        if self.meanwhile:
            await self.meanwhile()
        return await super().read(name, start, length)


@dataclass
class City:
    """Cases, disclosures, vault and bucket of its own, and HTTP in front of them."""

    intake: Database
    vaults: Database
    media: MediaStore
    published: list[Tail] = field(default_factory=list)
    audit_is_away: bool = False

    def __post_init__(self) -> None:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.cases = CaseStore(self.intake)
        self.store = DisclosureStore(self.intake)
        self.vault = Vault(self.vaults, Seal(key))
        self.audit = Audit(self.intake, clock)
        book = load_rulebook(RULES / "regulations" / "dalat.yaml", RULES / "calendars", RECEIVED)
        self.shelf = Shelf(book)
        limits = EvidenceLimits(
            files=1, file_bytes=1, total_bytes=1, pixels=1, audio_s=1, read_timeout_s=1
        )
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
        self.archive = SlowArchive(self.media, limits, zone=zone, workers=1)
        self.desk = DisclosureDesk(
            Places(self.store, self.cases, self.vault, self.archive),
            self.shelf,
            publish=self.published.append,
            note=self.note,
            clock=clock,
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app(), raise_app_exceptions=False),
            base_url="http://intake",
        )

    async def note(self, kind: str, **told: Any) -> None:
        if self.audit_is_away:
            raise OutageError("the audit is away")
        await self.audit.note(kind, **told)

    def app(self) -> FastAPI:
        app = FastAPI()
        problems.install(app)
        problems.translate(
            app, CivicError, lambda error, language: case_problem_of(error, language, self.shelf)
        )
        problems.translate(app, DisclosureError, problem_of)
        app.add_middleware(web.Envelope)
        hatch = routes.Hatch(self.desk, self.shelf, clock)
        app.include_router(routes.create_router(hatch, current))
        return app

    async def open_case(self, person: Reporter | None = PERSON, **changes: Any) -> CaseCode:
        code = new_code("DL")
        reporter = await self.vault.store(person, RECEIVED) if person else None
        standing = {
            "unit": WARD,
            "monitoring_unit": MONITOR,
            "state": State.ASSIGNED,
            "regulation": self.shelf.book.installed.name,
            **changes,
        }
        opened = snapshot(code=code, reporter=reporter).model_copy(update=standing)
        files = [
            await self.keep(code, "m1", "image", PICTURE),
            await self.keep(code, "m2", "audio", SOUND),
        ]
        place = {"lat": 11.9412345, "lon": 108.45, "address": "Hẻm 7", "area": "Phường 1"}
        await self.cases.open_case(
            Case(snapshot=opened),
            [Fact(CaseSubmitted(at=RECEIVED, actor="reporter"))],
            content={
                "text": TEXT,
                "sub_category": None,
                "location": {**place, "source": "reporter", "accuracy_m": None},
                "captured_at": None,
                "media": files,
            },
            receipt={},
            idempotency={},
        )
        return code

    async def keep(self, code: CaseCode, name: str, kind: str, body: bytes) -> dict[str, Any]:
        suffix = "jpg" if kind == "image" else "m4a"
        place = public_name(code, sha256(body).hexdigest(), suffix)
        await self.media.put(place, body, "application/octet-stream")
        form = {"object": place, "suffix": suffix, "size_bytes": len(body)}
        return {
            "id": name,
            "kind": kind,
            "captured_at": None,
            "duration_ms": None,
            "variants": {"public": form},
        }

    async def post(
        self, path: str, body: Mapping[str, Any], who: str, **headers: str
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(f"/desk{path}", json=body, headers={"who": who, **named})

    async def get(self, path: str, who: str) -> httpx.Response:
        return await self.client.get(f"/desk{path}", headers={"who": who})

    async def ask(self, code: CaseCode, who: str = OFFICER, **changes: Any) -> str:
        """Ask for consent and return the id."""
        answer = await self.post(f"/cases/{code}/disclosures", request(**changes), who)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def agreed(self, code: CaseCode, who: str = OFFICER, **changes: Any) -> str:
        """Ask for consent and get it; return the path of the disclosure."""
        consent = changes.pop("consent", {})
        path = f"/cases/{code}/disclosures/{await self.ask(code, who, **changes)}"
        answer = await self.post(f"{path}/approve", {"text": "Đồng ý", **consent}, LEADER)
        assert answer.status_code == 200, answer.text
        return path

    async def listed(self, code: CaseCode, who: str = CLERK) -> list[dict[str, Any]]:
        answer = await self.get(f"/cases/{code}/disclosures", who)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def kinds(self, code: CaseCode) -> list[str]:
        return [each.kind for each in await self.audit.read(subject=code)]


def request(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "recipient": {"organisation": "Công an Phường 1", "contact": "Trực ban"},
        "purpose": "Xác minh vụ việc",
        "legal_basis": "Công văn 12/CAP",
        "fields": ["text", "media"],
        "expires_at": (clock() + timedelta(days=7)).isoformat(),
    }
    return {**plain, **changes}


def unpacked(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, answer.text
    with ZipFile(BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
async def city(mongo_url: str, database_prefix: str, s3: dict[str, Any]) -> AsyncIterator[City]:
    client = mongo.connect(mongo_url)
    media = MediaStore(MediaSettings(**s3))
    city = City(
        mongo.database(client, f"{database_prefix}_intake"),
        mongo.database(client, f"{database_prefix}_identity"),
        media,
    )
    await city.store.aggregates.ensure_indexes()
    yield city
    await city.client.aclose()
    media.close()
    client.close()


# The whole way


async def test_content_leaves_only_after_a_leader_agreed_and_until_it_is_taken_back(city: City):
    code = await city.open_case()
    path = f"/cases/{code}/disclosures/{await city.ask(code)}"

    early = await city.get(f"{path}/package", OFFICER)
    await city.post(f"{path}/approve", {"text": "Đồng ý"}, LEADER)
    package = await city.get(f"{path}/package", OFFICER)
    await city.post(f"{path}/revoke", {"text": "Bên nhận vi phạm"}, CLERK)
    late = await city.get(f"{path}/package", OFFICER)

    assert (early.status_code, early.json()["title"]) == (409, "disclosure requested")
    assert (late.status_code, late.json()["title"]) == (410, "disclosure revoked")
    told = json.loads(unpacked(package)["summary.json"])
    assert told["content"]["text"] == TEXT
    assert set(told["content"]) == {"text", "media"}
    assert package.headers["cache-control"] == "no-store"
    assert package.headers["content-disposition"].startswith("attachment")


async def test_every_download_is_recorded_with_who_when_and_which_bytes(city: City):
    code = await city.open_case()
    path = await city.agreed(code)

    first, second = [await city.get(f"{path}/package", who) for who in (OFFICER, CLERK)]

    digest = sha256(first.content).hexdigest()
    assert first.content == second.content
    assert (
        first.headers["repr-digest"]
        == f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
    )
    [disclosure] = await city.listed(code)
    shown = [(each["by"], each["unit"], each["sha256"]) for each in disclosure["downloads"]]
    assert shown == [("a_17", WARD, digest), ("a_20", OFFICE, digest)]
    noted = [each for each in await city.audit.read(subject=code) if each.kind == DISCLOSED]
    assert [(each.actor, each.detail["sha256"]) for each in noted] == [
        ("a_17", digest),
        ("a_20", digest),
    ]


async def test_pictures_leave_with_their_watermark_and_sound_as_its_public_copy(city: City):
    code = await city.open_case()
    path = await city.agreed(code)

    files = unpacked(await city.get(f"{path}/package", OFFICER))

    identifier = path.rpartition("/")[2]
    picture = files[f"media/m1-{identifier}.jpg"]
    assert picture.startswith(b"\xff\xd8")
    assert picture != PICTURE
    assert files[f"media/m2-{identifier}.m4a"] == SOUND


async def test_each_step_says_an_event_in_order_without_words(city: City):
    code = await city.open_case()
    path = await city.agreed(code)
    await city.get(f"{path}/package", OFFICER)
    await city.post(f"{path}/revoke", {"text": "Thu hồi"}, LEADER)

    [tail] = city.published[-1:]
    received = [Received.from_wire(each.body) for each in tail.entries]

    assert [each.type for each in received] == [
        "disclosure.requested.v1",
        "disclosure.approved.v1",
        "disclosure.downloaded.v1",
        "disclosure.revoked.v1",
    ]
    assert [each.sequence for each in received] == [1, 2, 3, 4]
    assert all(each.event and type(each.event) is EVENTS[each.type] for each in received)
    assert {each.subject for each in received} == {path.rpartition("/")[2]}
    for entry in tail.entries:
        for word in ("Công an", "Trực ban", "Xác minh", "Thu hồi", TEXT):
            assert word not in entry.body.decode()


async def test_the_database_of_disclosures_holds_no_content_of_a_case(city: City):
    code = await city.open_case()
    identity = {"justification": "Cần lời khai"}
    path = await city.agreed(
        code, CLERK, fields=["text", "place"], identity=identity, consent={"identity": True}
    )
    await city.get(f"{path}/package", CLERK)

    stored = str(await city.intake["disclosures"].find({}).to_list(10))

    for secret in (TEXT, "Hẻm 7", "11.94123", PERSON.name, PERSON.phone, PERSON.email):
        assert str(secret) not in stored


# Nothing leaves unrecorded


async def test_without_the_audit_nothing_leaves_and_nothing_is_recorded(city: City):
    code = await city.open_case()
    path = await city.agreed(code)
    city.audit_is_away = True

    answer = await city.get(f"{path}/package", OFFICER)

    city.audit_is_away = False
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    [disclosure] = await city.listed(code)
    assert disclosure["downloads"] == []


async def test_who_revokes_while_a_package_is_made_wins(city: City):
    code = await city.open_case()
    path = await city.agreed(code)

    async def revoke() -> None:
        city.archive.meanwhile = None
        answer = await city.post(f"{path}/revoke", {"text": "Thu hồi ngay"}, LEADER)
        assert answer.status_code == 200

    city.archive.meanwhile = revoke
    answer = await city.get(f"{path}/package", OFFICER)

    assert answer.status_code == 410
    [disclosure] = await city.listed(code)
    assert disclosure["downloads"] == []
    assert DISCLOSED not in await city.kinds(code)


async def test_a_file_that_is_missing_is_an_outage_and_no_smaller_package(city: City):
    code = await city.open_case()
    path = await city.agreed(code)
    await city.media.remove_case(code)

    answer = await city.get(f"{path}/package", OFFICER)

    assert answer.status_code == 503
    assert (await city.listed(code))[0]["downloads"] == []


async def test_an_expired_consent_is_gone(city: City):
    code = await city.open_case()
    soon = (clock() + timedelta(seconds=0.6)).isoformat()
    path = await city.agreed(code, expires_at=soon)
    await asyncio.sleep(0.7)

    answer = await city.get(f"{path}/package", OFFICER)

    assert (answer.status_code, answer.json()["title"]) == (410, "disclosure expired")
    [disclosure] = await city.listed(code)
    assert (disclosure["state"], disclosure["actions"]) == ("expired", [])


# Who


@pytest.mark.parametrize(
    ("who", "status"),
    [
        pytest.param(STRANGER, 404, id="another ward does not learn that the case exists"),
        pytest.param(OPERATOR, 404, id="the IOC"),
        pytest.param(ADMINISTRATOR, 404, id="an administrator"),
        pytest.param(WATCHER, 403, id="the monitoring unit"),
    ],
)
async def test_others_can_do_nothing_with_disclosures(city: City, who: str, status: int):
    code = await city.open_case()
    path = await city.agreed(code)
    text = {"text": "Đồng ý"}

    answers = [
        await city.post(f"/cases/{code}/disclosures", request(), who),
        await city.get(f"/cases/{code}/disclosures", who),
        await city.get(f"{path}/package", who),
        *[await city.post(f"{path}/{name}", text, who) for name in ("approve", "reject", "revoke")],
    ]

    assert {each.status_code for each in answers} == {status}
    assert len(await city.listed(code)) == 1


async def test_a_consent_for_one_case_opens_no_other(city: City):
    one, other = await city.open_case(), await city.open_case()
    identifier = (await city.agreed(one)).rpartition("/")[2]

    answer = await city.get(f"/cases/{other}/disclosures/{identifier}/package", OFFICER)

    assert answer.status_code == 404


async def test_the_unit_that_no_longer_has_the_case_takes_nothing_out(city: City):
    code = await city.open_case()
    path = await city.agreed(code)
    await city.intake["cases"].update_one({"_id": code}, {"$set": {"case.unit": "ward_2"}})

    assert (await city.get(f"{path}/package", OFFICER)).status_code == 404
    assert (await city.get(f"{path}/package", STRANGER)).status_code == 200


async def test_what_waits_for_the_leaders_is_one_list(city: City):
    waiting, decided, about = [
        await city.open_case(),
        await city.open_case(),
        await city.open_case(about=(LEADERS,)),
    ]
    first = await city.ask(waiting)
    await city.agreed(decided)
    await city.ask(about)

    seen = await city.get("/disclosures?state=requested", LEADER)
    foreign = await city.get("/disclosures", OFFICER)

    assert [each["id"] for each in seen.json()["items"]] == [first]
    assert seen.json()["items"][0]["actions"] == ["preview", "approve", "reject", "revoke"]
    assert foreign.status_code == 403


# The reporter's identity


async def test_an_identity_leaves_by_its_own_request_and_its_own_consent(city: City):
    code = await city.open_case(anonymity=Anonymity.CONFIDENTIAL)
    why = {"justification": "Cơ quan điều tra cần lời khai"}

    sealed = await city.post(f"/cases/{code}/disclosures", request(identity=why), OFFICER)
    silent = await city.agreed(code, CLERK, identity=why)
    said = await city.agreed(code, CLERK, identity=why, consent={"identity": True})

    assert (sealed.status_code, sealed.json()["title"]) == (403, "identity sealed")
    without = unpacked(await city.get(f"{silent}/package", CLERK))["summary.json"].decode()
    assert str(PERSON.name) not in without
    told = json.loads(unpacked(await city.get(f"{said}/package", CLERK))["summary.json"])
    assert told["content"]["identity"] == {
        "kind": "resident",
        "erased": False,
        "name": PERSON.name,
        "phone": PERSON.phone,
        "email": PERSON.email,
    }
    refused = await city.get(f"{said}/package", OFFICER)
    assert (refused.status_code, refused.json()["title"]) == (403, "identity sealed")


async def test_an_anonymous_reporter_has_no_identity_to_give(city: City):
    code = await city.open_case(None, anonymity=Anonymity.ANONYMOUS)
    why = {"justification": "Cần lời khai"}

    answer = await city.post(f"/cases/{code}/disclosures", request(identity=why), CLERK)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "no_identity"


async def test_an_erased_identity_cannot_leave_any_more(city: City):
    code = await city.open_case()
    path = await city.agreed(
        code, CLERK, identity={"justification": "x"}, consent={"identity": True}
    )
    stored = await city.cases.load(code)
    assert stored
    assert stored.case.snapshot.reporter
    await city.vault.shred(stored.case.snapshot.reporter, clock())

    files = unpacked(await city.get(f"{path}/package", CLERK))

    assert json.loads(files["summary.json"])["content"]["identity"]["erased"]
    assert str(PERSON.name) not in files["summary.html"].decode()


# Races and repetitions


async def test_of_two_leaders_one_decides(city: City):
    code = await city.open_case()
    path = f"/cases/{code}/disclosures/{await city.ask(code)}"

    answers = await asyncio.gather(
        city.post(f"{path}/approve", {"text": "Đồng ý"}, LEADER),
        city.post(f"{path}/reject", {"text": "Không"}, OTHER_LEADER),
    )

    assert sorted(each.status_code for each in answers) == [200, 409]


async def test_downloads_at_the_same_moment_are_all_recorded(city: City):
    code = await city.open_case()
    path = await city.agreed(code, fields=["text"])

    answers = await asyncio.gather(*(city.get(f"{path}/package", OFFICER) for _ in range(5)))

    assert [each.status_code for each in answers] == [200] * 5
    assert len((await city.listed(code))[0]["downloads"]) == 5
    assert (await city.kinds(code)).count(DISCLOSED) == 5


async def test_who_saw_an_older_version_is_told_what_became_of_it(city: City):
    code = await city.open_case()
    path = f"/cases/{code}/disclosures/{await city.ask(code)}"
    fresh = await city.post(f"{path}/approve", {"text": "Đồng ý"}, LEADER, if_match='"1"')

    stale = await city.post(f"{path}/revoke", {"text": "x"}, CLERK, if_match='"1"')

    assert (fresh.status_code, fresh.headers["etag"]) == (200, '"2"')
    assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')
    assert "đã đồng ý" in stale.json()["detail_vi"]
    assert "a_30" not in stale.text


async def test_the_same_key_asks_once(city: City):
    code = await city.open_case()
    body, key = request(), {"idempotency_key": "k-1"}
    path = f"/cases/{code}/disclosures"

    answers = await asyncio.gather(*(city.post(path, body, OFFICER, **key) for _ in range(3)))
    again = await city.post(path, body, OFFICER, **key)
    other = await city.post(path, request(purpose="Việc khác"), OFFICER, **key)
    anothers = await city.post(path, body, CLERK, **key)

    ids = {each.json()["id"] for each in (*answers, again)}
    assert [each.status_code for each in (*answers, again)] == [201] * 4
    assert len(ids) == 1
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["title"]) == (422, "idempotency key reused")
    assert anothers.json()["id"] not in ids


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(request(fields=["text", "identity"]), "fields[1]", id="identity in fields"),
        pytest.param(request(fields=[]), "fields", id="nothing"),
        pytest.param(request(expires_at="2020-01-01T00:00:00Z"), "expires_at", id="past"),
        pytest.param(request(expires_at="2099-01-01T00:00:00Z"), "expires_at", id="too long"),
        pytest.param(request(recipient={"organisation": "x"}), "recipient.contact", id="contact"),
    ],
)
async def test_a_bad_request_names_its_field(city: City, body: dict[str, Any], field: str):
    code = await city.open_case()

    answer = await city.post(f"/cases/{code}/disclosures", body, OFFICER)

    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await city.listed(code) == []
