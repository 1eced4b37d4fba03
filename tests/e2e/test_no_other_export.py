"""No content of a case leaves on any other way than the ones listed here.

"Các nội dung phản ánh, kiến nghị chỉ được phép cung cấp, chia sẻ cho bên thứ 3 khi có sự đồng ý của
lãnh đạo UBND." Reports are sent whose words, place, photo and reporter bear marks; then everybody
calls everything, and the marks show up where this table says, for whom it says, and nowhere else.
A route that is not in the table fails the test: whoever adds one says here what it may show.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from fastapi import FastAPI

from deploy.docs import intake, notify, openapi
from services.intake.domain.decisions import COMMANDS
from services.intake.domain.parties import Party
from tests.e2e.client import City, Official, eventually, report
from tests.hostile.pictures import phone_photo

PUBLIC, REPORTER, ANOTHER = "the public", "the reporter", "another reporter"
UNIT, UNITS_HEAD = "handling unit", "handling unit's head"
MONITOR, HELPER = "monitoring unit", "coordinating unit"
OFFICE, LEADER = "Office", "leader"
HANDLING = {UNIT, UNITS_HEAD}
TOP = {OFFICE, LEADER}
PARTS = {*HANDLING, MONITOR, HELPER, *TOP}
CONTENT = {"text", "address", "position"}
PERSON = {"name", "phone", "email"}
PREVIEWED = {"text"}  # `_ask` asks for it; a picture is encoded anew with its mark

Policy = Mapping[str, set[str]]  # who sees which marks
NOTHING: Policy = {}


def each(who: set[str], marks: set[str]) -> Policy:
    return dict.fromkeys(who, marks)


# What each route may show of an open case, and to whom. The two other kinds of cases show less.
SHOWN: Mapping[str, Policy] = {
    "GET /api/v1/reports/{code}": each({REPORTER}, CONTENT),
    "GET /api/v1/reports/{code}/media/{media_id}": each({REPORTER}, {"copy", "original"}),
    # the place and the first words of the cases that somebody has a part in
    "GET /api/v1/desk/cases": each(PARTS, CONTENT),
    "GET /api/v1/desk/cases/{code}": each(PARTS, CONTENT),
    "GET /api/v1/desk/cases/{code}/media/{media_id}": each(PARTS, {"copy"}),
    "GET /api/v1/desk/cases/{code}/media/{media_id}/original": each(HANDLING | TOP, {"original"}),
    "GET /api/v1/desk/cases/{code}/reporter": each(HANDLING | TOP, PERSON),
    # what the recipient would get, for those who may ask for it or agree to it; never the reporter
    "GET /api/v1/desk/cases/{code}/disclosures/{disclosure}/preview": each(
        HANDLING | TOP, PREVIEWED
    ),
    "GET /api/v1/desk/cases/{code}/disclosures/{disclosure}/preview/{media_id}": NOTHING,
    # not before a leader agreed: see the last test
    "GET /api/v1/desk/cases/{code}/disclosures/{disclosure}/package": NOTHING,
}
SILENT = {
    "GET /api/v1/admin/accounts",
    "GET /api/v1/admin/accounts/{username}",
    "GET /api/v1/admin/accounts/{username}/sessions",
    "GET /api/v1/admin/regulation",
    "GET /api/v1/areas",
    "GET /api/v1/auth/me",
    "GET /api/v1/auth/me/notifications",
    "GET /api/v1/auth/oidc/callback",
    "GET /api/v1/auth/oidc/start",
    "GET /api/v1/auth/sessions",
    "GET /api/v1/categories",
    "GET /api/v1/desk/audit",
    "GET /api/v1/desk/cases/{code}/disclosures",
    "GET /api/v1/desk/chase",
    "GET /api/v1/desk/directives",
    "GET /api/v1/desk/disclosures",
    "GET /api/v1/desk/stream",
    "GET /api/v1/ioc/areas",
    "GET /api/v1/ioc/categories",
    "GET /api/v1/ioc/channels",
    "GET /api/v1/ioc/events",
    "GET /api/v1/ioc/incidents",
    "GET /api/v1/ioc/onestop",
    "GET /api/v1/onestop/stream",
    "GET /api/v1/ioc/stream",
    "GET /api/v1/ioc/cases",
    "GET /api/v1/ioc/summary",
    "GET /api/v1/ioc/units",
    "GET /api/v1/map/reports.geojson",
    "GET /api/v1/admin/api-keys",
    "GET /api/v1/admin/apps",
    "GET /api/v1/apps",
    "GET /api/v1/apps/{identifier}/news",
    "GET /api/v1/apps/{identifier}/open",
    "GET /api/v1/areas.geojson",
    "GET /api/v1/units.geojson",
    "GET /api/v1/onestop/desks",
    "GET /api/v1/onestop/desks/{desk}",
    "GET /api/v1/onestop/desks/{desk}/ratings",
    "GET /api/v1/onestop/desks/{desk}/tickets",
    "GET /api/v1/onestop/dossiers",
    "GET /api/v1/onestop/dossiers/{number}",
    "GET /api/v1/onestop/dossiers/{number}/applicant",
    "GET /api/v1/onestop/procedures",
    "GET /api/v1/onestop/tickets/{ticket}",
    "GET /api/v1/reports/similar",
    "GET /api/v1/reports/{code}/events",
    "GET /api/v1/reports/{code}/looks",
    "GET /api/v1/reports/{code}/qr.svg",
    "GET /api/v1/reports/{code}/notifications",
    "GET /api/v1/reports/{code}/follow",
    "GET /api/v1/notifications/opt-out/{token}",
    "GET /api/v1/deliveries",
    "GET /api/v1/push/key",
    "GET /api/v1/channels",
    "GET /api/v1/reports/{code}/stream",
    "GET /api/v1/units",
    "GET /api/v1/webhooks",
    "GET /api/v1/webhooks/{webhook}/messages",
}
# Calls that change something. They answer the caller's own view of the case, or nothing of one.
CHANGING = {
    *(f"POST /api/v1/auth/{name}" for name in ("token", "refresh", "password", "logout")),
    "DELETE /api/v1/auth/sessions/{session}",
    "POST /api/v1/admin/accounts",
    "PATCH /api/v1/admin/accounts/{username}",
    "PUT /api/v1/admin/regulation",
    "POST /api/v1/ioc/lookups",
    "POST /api/v1/reports",
    "PUT /api/v1/reports/{code}/notifications",
    "PUT /api/v1/auth/me/notifications",
    "PUT /api/v1/reports/{code}/follow",
    "POST /api/v1/notifications/opt-out",
    "POST /api/v1/notifications/opt-out/{token}",
    "POST /api/v1/push/subscriptions",
    "DELETE /api/v1/push/subscriptions/{subscription}",
    "POST /api/v1/callbacks/zalo",
    "POST /api/v1/callbacks/sms",
    "POST /api/v1/webhooks",
    "DELETE /api/v1/webhooks/{webhook}",
    "POST /api/v1/webhooks/{webhook}/secret",
    "POST /api/v1/webhooks/{webhook}/enable",
    "POST /api/v1/reports/{code}/media",
    "POST /api/v1/reports/{code}/follow",
    "POST /api/v1/reports/{code}/follow/confirm",
    "POST /api/v1/notifications/confirm",
    "POST /api/v1/desk/reports",
    "POST /api/v1/camera/incidents",
    "POST /api/v1/admin/api-keys",
    "DELETE /api/v1/admin/api-keys/{identifier}",
    "PUT /api/v1/admin/apps/{identifier}",
    "DELETE /api/v1/admin/apps/{identifier}",
    "POST /api/v1/onestop/desks/{desk}/tickets",
    "POST /api/v1/onestop/desks/{desk}/next",
    "DELETE /api/v1/onestop/tickets/{ticket}",
    *(
        f"POST /api/v1/onestop/tickets/{{ticket}}/{name}"
        for name in ("recall", "skip", "serve", "transfer", "rating")
    ),
    "POST /api/v1/onestop/dossiers",
    *(
        f"POST /api/v1/onestop/dossiers/{{number}}/{name}"
        for name in (
            *("receive", "supplement", "process", "ready", "return", "postpone", "refuse"),
            *("supply", "withdraw"),
        )
    ),
    "PUT /api/v1/desk/cases/{code}/presence",
    "DELETE /api/v1/desk/cases/{code}/presence",
    "DELETE /api/v1/reports/{code}/follow",
    "DELETE /api/v1/reports/{code}/reporter",
    "POST /api/v1/desk/cases/{code}/media",
    "POST /api/v1/desk/cases/{code}/disclosures",
    *(
        f"POST /api/v1/desk/cases/{{code}}/disclosures/{{disclosure}}/{name}"
        for name in ("approve", "reject", "revoke")
    ),
    *(
        f"POST /api/v1/{place}/{{code}}/{name}"
        for name, spec in COMMANDS.items()
        for place, given in (
            ("reports", Party.REPORTER in spec.parties),
            ("desk/cases", bool(spec.parties - {Party.REPORTER})),
        )
        if given
    ),
}
# They would end the session that the test uses.
NOT_TRIED = {"POST /api/v1/auth/logout", "POST /api/v1/auth/password"}
# The other paths are intake's.
OF_NOTIFY = (
    *("/api/v1/ioc/", "/api/v1/webhooks", "/api/v1/onestop/stream"),
    *("/api/v1/push/", "/api/v1/callbacks/", "/api/v1/deliveries"),
)
LOOKUPS = "/api/v1/ioc/lookups"  # intake's: the audit and the vault are
# Beside the documented interface: probes, and the documentation itself.
HIDDEN = {
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/docs",
}
WEBSOCKET = "/ioc/ws"  # OpenAPI has no word for it; it says what /ioc/stream says

FORMS: Mapping[str, list[dict[str, str]]] = {
    "GET /api/v1/reports/{code}/media/{media_id}": [
        {"variant": each_} for each_ in ("public", "thumbnail", "original")
    ],
    "GET /api/v1/desk/cases/{code}/media/{media_id}": [
        {"variant": each_} for each_ in ("public", "thumbnail", "original")
    ],
    "GET /api/v1/desk/cases/{code}/media/{media_id}/original": [{"purpose": "verify_report"}],
    "GET /api/v1/desk/cases/{code}/reporter": [{"purpose": "contact_reporter"}],
    "GET /api/v1/desk/cases": [{}, {"q": "{mark}"}, {"q": "{code}"}],
    "GET /api/v1/desk/audit": [{"subject": "{code}"}, {"limit": "500"}],
    "GET /api/v1/desk/chase": [{}, {"format": "csv"}, {"format": "pdf"}],
    "GET /api/v1/auth/oidc/callback": [{"state": "x"}],
    "GET /api/v1/map/reports.geojson": [{}, {"bbox": "108.43,11.93,108.45,11.95"}],
    "GET /api/v1/reports/similar": [
        {"lat": "11.941", "lon": "108.443", "limit": "20", "text": "{mark}"}
    ],
    "GET /api/v1/ioc/events": [{"after": "{before}", "limit": "1000"}],
    "GET /api/v1/ioc/stream": [{"after": "{before}"}],
}


@dataclass
class Marked:
    """A case whose content bears marks, and what fills the places of a path."""

    receipt: dict[str, Any]
    marks: dict[str, list[bytes]]
    fill: dict[str, str]
    policy: dict[str, Policy] = field(default_factory=dict[str, Policy])

    def seen_in(self, body: bytes) -> set[str]:
        return {
            name
            for name, pieces in self.marks.items()
            if any(piece in body or piece.upper() in body for piece in pieces)
        }


class World:
    """A city with marked cases in it, and everybody who might want to know."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.before = city.newest()
        # A list shows several cases: each has a place of its own.
        self.spots = iter(("123", "456", "789"))
        self.officials: dict[str, Official] = {
            UNIT: city.official("ward_1", "officer"),
            UNITS_HEAD: city.official("ward_1", "unit_head"),
            MONITOR: city.official("natural_resources", "officer"),
            HELPER: city.official("health", "officer"),
            OFFICE: city.office(),
            LEADER: city.leader(),
            "another ward": city.official("ward_2", "officer"),
            "another ward's head": city.official("ward_2", "unit_head"),
            "IOC operator": city.of_role("ioc_operator"),
            "administrator": city.of_role("administrator"),
            "one-stop clerk": city.of_role("onestop_clerk"),
        }
        self.elsewhere = city.send(report(area="Phường 2")).json()
        self.cases = {
            "open": self.marked("open", SHOWN),
            "confidential": self.marked("confidential", self._without(PERSON | {"original"})),
            "restricted": self._restricted(),
        }

    def headers(self, who: str, case: Marked) -> dict[str, str]:
        if who == PUBLIC:
            return {}
        if who in self.officials:
            return self.officials[who].headers
        token = (case.receipt if who == REPORTER else self.elsewhere)["tracking_token"]
        return {"Authorization": f"Bearer {token}"}

    @property
    def everybody(self) -> list[str]:
        return [PUBLIC, REPORTER, ANOTHER, *self.officials]

    def marked(self, anonymity: str, policy: Mapping[str, Policy]) -> Marked:
        """Send a report that bears marks, and let every kind of unit have a part in it."""
        mark = f"m{uuid.uuid4().hex[:10]}"
        spot = next(self.spots)
        lat, lon = float(f"11.94{spot}45"), float(f"108.44{spot}67")
        body = report(
            text=f"Bãi rác tự phát {mark}text trước nhà văn hoá",
            location={"lat": lat, "lon": lon, "address": f"Hẻm {mark}address, Phường 1"},
            reporter={
                "kind": "resident",
                "name": f"Nguyễn {mark}name",
                "phone": f"09{int(mark[1:9], 16) % 10**8:08}",
                "email": f"{mark}email@example.com",
                "anonymity": anonymity,
                "language": "vi",
            },
        )
        receipt = self.city.send(body, [("x.jpg", phone_photo(1600, 1200), "image/jpeg")]).json()
        code = receipt["code"]
        self.city.in_state(receipt, "assigned")
        self._coordinate(code)
        marks = {
            "text": [f"{mark}text".encode()],
            "address": [f"{mark}address".encode()],
            "position": [f"11.94{spot}".encode(), f"108.44{spot}".encode()],
            "name": [f"{mark}name".encode()],
            "phone": [body["reporter"]["phone"].encode()],
            "email": [f"{mark}email".encode()],
            **self._pictures(receipt),
        }
        fill = {
            "code": code,
            "media_id": "m1",
            "disclosure": self._ask(code),
            "username": "officer.ward_1",
            "session": "s_unknown",
            "webhook": "wh_unknown",
            "token": "o_unknown",
            "subscription": "unknown",
            "mark": f"{mark}text",
            "before": str(self.before),
            "desk": "civil_status",
            "identifier": self._app(),
            "ticket": "t_unknown",
            "number": "HS-261125-2222-2222",
        }
        return Marked(receipt, marks, fill, dict(policy))

    def _app(self) -> str:
        """An application of the walk's own: the last of its steps takes it away."""
        body = {"title": {"vi": "Cổng thử", "en": "Trial portal"}, "icon": "link"}
        headers = self.city.of_role("administrator").headers
        answer = self.city.intake.put("/admin/apps/walked", json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return "walked"

    def _restricted(self) -> Marked:
        """A case that turned out to be a denunciation: for the Office and the leaders only."""
        policy = {
            route: {who: marks for who, marks in found.items() if who in TOP | {REPORTER}}
            for route, found in SHOWN.items()
        }
        case = self.marked("open", policy)
        self.officials[OFFICE].act(
            case.fill["code"],
            "redirect",
            reason="denunciation",
            agency="Thanh tra thành phố",
            text="Đơn tố cáo theo Luật Tố cáo",
        )
        return case

    def _without(self, marks: set[str]) -> dict[str, Policy]:
        """The policy of a case whose reporter is sealed from the handling unit."""
        return {
            route: {
                who: (shown - marks if who in HANDLING else shown) for who, shown in policy.items()
            }
            for route, policy in SHOWN.items()
        }

    def _coordinate(self, code: str) -> None:
        expected = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        unit, office = self.officials[UNIT], self.officials[OFFICE]
        unit.act(code, "coordination", units=["health"], expected_at=expected, text="Cần Y tế")
        office.act(code, "coordination/approve")

    def _pictures(self, receipt: dict[str, Any]) -> dict[str, list[bytes]]:
        """A piece out of the middle of each form of the photo, as its reporter gets it."""
        headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
        found: dict[str, bytes] = {}
        for variant in ("original", "public", "thumbnail"):
            path = f"/reports/{receipt['code']}/media/m1"
            answer = self.city.intake.get(path, params={"variant": variant}, headers=headers)
            assert answer.status_code == 200, answer.text
            middle = len(answer.content) // 2
            found[variant] = answer.content[middle : middle + 48]
        assert len(set(found.values())) == 3
        return {"original": [found["original"]], "copy": [found["public"], found["thumbnail"]]}

    def _ask(self, code: str, **changes: Any) -> str:
        body = {
            "recipient": {"organisation": "Công an Phường 1", "contact": "Trực ban"},
            "purpose": "Xác minh",
            "legal_basis": "Công văn 12/CAP",
            "fields": ["text", "media"],
            "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
            **changes,
        }
        answer = self.officials[OFFICE].post(code, "disclosures", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def call(self, route: str, who: str, case: Marked, query: Mapping[str, str]) -> bytes:
        """Call a route as somebody; whatever comes back, headers included, is looked through."""
        method, path = route.split(" ")
        params = {name: _filled(value, case) for name, value in query.items()}
        of_notify = path.startswith(OF_NOTIFY) and path != LOOKUPS
        host = self.city.stack["notify" if of_notify or path.endswith("/stream") else "intake"]
        with self.city.intake.stream(
            method,
            f"{host}{_filled(path, case)}",
            params=params,
            headers=self.headers(who, case),
            json=None if method == "GET" else {},
            follow_redirects=False,
            timeout=httpx.Timeout(10, read=0.5 if path.endswith("/stream") else 30),
        ) as answer:
            assert answer.status_code < 500 or "/oidc/" in path, (route, who, answer.status_code)
            return _whole(answer) + repr(answer.headers.raw).encode()


def _filled(text: str, case: Marked) -> str:
    """Fill the places of a path; one that is not known makes the test say so."""
    return re.sub(r"\{(\w+)\}", lambda found: case.fill[found[1]], text)


def _whole(answer: httpx.Response) -> bytes:
    """The body; of an endless stream what it says at once, of a ZIP what is inside."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        return _at_once(answer)
    body = answer.read()
    if answer.headers.get("content-type") == "application/zip":
        with ZipFile(BytesIO(body)) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    return body


def _at_once(answer: httpx.Response) -> bytes:
    heard, until = b"", time.monotonic() + 0.3
    try:
        for chunk in answer.iter_bytes():
            heard += chunk
            if time.monotonic() > until:
                break
    except httpx.ReadTimeout:
        pass
    return heard


@pytest.fixture(scope="module")
def world(stack: dict[str, Any]) -> Iterator[World]:
    city = City(stack)
    yield World(city)
    city.close()


def documented(city: City) -> set[str]:
    """Every route that the two services document."""
    return {
        f"{method.upper()} {path}"
        for service in ("intake", "notify")
        for path, operations in httpx.get(f"{city.stack[service]}/openapi.json")
        .json()["paths"]
        .items()
        for method in operations
    }


def test_every_route_is_in_the_table_and_none_is_forgotten(world: World):
    known = {*SHOWN, *SILENT, *CHANGING}

    found = documented(world.city)

    assert found - known == set(), "say in SHOWN, SILENT or CHANGING what these may show"
    assert known - found == set(), "these are gone"
    assert {route for route in CHANGING if route.startswith("GET")} == set()


@pytest.mark.parametrize("create_app", [intake.create_app, notify.create_app])
def test_no_route_hides_from_the_documents(create_app: Any):
    made: list[FastAPI] = []

    def create() -> FastAPI:
        made.append(create_app())
        return made[-1]

    paths = set(openapi(create)["paths"])
    hidden = {
        path
        for path, documented_ in _routes(made[0].routes)
        if not documented_ and path not in paths
    }

    assert hidden - {WEBSOCKET} == {*HIDDEN, *pages_of(create_app)}


def pages_of(create_app: Any) -> set[str]:
    """The paths of shells and built files: the same bytes for everybody, no content in them."""
    service = create_app.__module__.split(".")[1]
    listed = json.loads(Path("services", service, "web", "pages.json").read_text())
    shells = {path for page in listed["pages"] for path in page["paths"]}
    return {"/static/{name}", *(f"/{each}" for each in listed["roots"]), *shells}


def _routes(found: Any, *, included: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield each path, and whether the documents show it."""
    for route in found:
        router = getattr(route, "original_router", None)
        if router is not None:
            yield from _routes(router.routes, included=True)
        else:
            yield route.path, included and getattr(route, "include_in_schema", False)


@pytest.mark.parametrize("kind", ["open", "confidential", "restricted"])
@pytest.mark.parametrize("route", sorted({*SHOWN, *SILENT}))
def test_content_shows_where_the_table_says_and_nowhere_else(world: World, route: str, kind: str):
    case = world.cases[kind]
    allowed = case.policy.get(route, NOTHING)

    seen = {
        who: set[str]().union(
            *(case.seen_in(world.call(route, who, case, q)) for q in FORMS.get(route, [{}]))
        )
        for who in world.everybody
    }

    assert seen == {who: allowed.get(who, set()) for who in world.everybody}


@pytest.mark.parametrize("path", sorted(HIDDEN))
def test_probes_and_documents_hold_no_content(world: World, path: str):
    for service in ("intake", "notify"):
        body = httpx.get(f"{world.city.stack[service]}{path}").content
        for case in world.cases.values():
            assert case.seen_in(body) == set()


@pytest.mark.parametrize("route", sorted(CHANGING - NOT_TRIED))
def test_a_call_that_changes_something_answers_strangers_nothing(world: World, route: str):
    case = world.cases["open"]
    for who in world.everybody:
        if who not in PARTS | {REPORTER}:
            assert case.seen_in(world.call(route, who, case, {})) == set(), who


def test_a_package_shows_what_was_agreed_to_those_with_a_part_until_it_is_revoked(world: World):
    route = "GET /api/v1/desk/cases/{code}/disclosures/{disclosure}/package"
    case = world.cases["open"]
    code, identifier = case.fill["code"], world._ask(case.fill["code"], fields=["text"])
    case = Marked(case.receipt, case.marks, {**case.fill, "disclosure": identifier})

    def seen() -> dict[str, set[str]]:
        found = {who: case.seen_in(world.call(route, who, case, {})) for who in world.everybody}
        return {who: marks for who, marks in found.items() if marks}

    assert seen() == {}
    agreed = world.officials[LEADER].post(
        code, f"disclosures/{identifier}/approve", {"text": "Đồng ý"}
    )
    assert agreed.status_code == 200, agreed.text
    assert seen() == each(HANDLING | TOP, {"text"})
    world.officials[OFFICE].post(code, f"disclosures/{identifier}/revoke", {"text": "Thu hồi"})
    assert seen() == {}


def test_no_event_of_these_cases_holds_a_mark(world: World):
    """The stream is heard by the operations centre, over AMQP as over HTTP."""
    codes = [case.fill["code"] for case in world.cases.values()]

    def heard() -> bytes:
        params = {"after": world.before, "limit": 1000}
        body = world.city.notify.get("/ioc/events", params=params).content
        return body if all(code.encode() in body for code in codes) else b""

    body = eventually(heard)
    assert {name for case in world.cases.values() for name in case.seen_in(body)} == set()
