"""OWASP API Security Top 10 (2023), API1 to API9: hostile calls of a running stack.

Each row is a real request; what it must answer stands beside it. Nothing may show or change.
API10, what others answer us, is tests/integration/test_other_peoples_apis.py; rebinding is in
tests/unit/test_outbound.py.
"""

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.client import City, Official, report
from tests.hostile.pictures import blank_png, huge_png, phone_photo

SECRET = f"m{uuid.uuid4().hex[:12]}"
Call = Callable[["World"], httpx.Response]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class World:
    """Two reporters, each with a case and a photo, a number and a dossier, and the officials."""

    def __init__(self, city: City) -> None:
        self.city = city
        photo = [("x.jpg", phone_photo(640, 480), "image/jpeg")]
        self.mine = city.send(report(area="Phường 2")).json()
        self.theirs = city.send(
            report(area="Phường 1", text=f"Bãi rác {SECRET} trước nhà văn hoá"), photo
        ).json()
        city.in_state(self.theirs, "assigned")
        self.code = self.theirs["code"]
        self.stranger = bearer(self.mine["tracking_token"])
        self.owner = bearer(self.theirs["tracking_token"])
        self.officer = city.official("ward_2", "officer")
        self.handler = city.official("ward_1", "officer")
        self.leader, self.office = city.leader(), city.office()
        self.administrator = city.of_role("administrator")
        self.operator = city.of_role("ioc_operator")
        self.clerk = city.of_role("onestop_clerk")
        self.ticket = city.intake.post(
            "/onestop/desks/civil_status/tickets", json={"channel": "online"}
        ).json()
        self.holder = bearer(self.ticket["ticket_token"])
        self.dossier = self._dossier()

    def _dossier(self) -> str:
        procedure = self.city.intake.get("/onestop/procedures").json()["items"][0]["id"]
        body = {"procedure": procedure, "applicant": {"name": f"Nguyễn {SECRET}"}}
        return self.city.intake.post("/onestop/dossiers", json=body).json()["number"]

    def call(self, method: str, path: str, headers: Mapping[str, str], **how: Any) -> Any:
        place = (
            self.city.notify
            if path.startswith(("/ioc/", "/webhooks", "/deliveries"))
            else self.city.intake
        )
        return place.request(method, path, headers=dict(headers), **how)

    def state(self) -> Any:
        """What none of these calls may change."""
        case = self.handler.case(self.code)
        accounts = self.call("GET", "/admin/accounts", self.administrator.headers).json()["items"]
        kept = [(each["username"], each["role"], each["unit"]) for each in accounts]
        hooks = self.call("GET", "/webhooks", self.operator.headers).json()["items"]
        ticket = self.call("GET", f"/onestop/tickets/{self.ticket['id']}", self.holder).json()[
            "state"
        ]
        return (case["state"], case["unit"], case["due_at"], case["category"]), kept, hooks, ticket


@dataclass(frozen=True)
class Row:
    """A hostile call; `statuses` are the answers that are right."""

    risk: str
    name: str
    method: str
    path: str
    who: str = "nobody"
    statuses: tuple[int, ...] = (401, 403, 404)
    how: Any = None  # keyword arguments of the request


def _none_token(_world: World) -> str:
    head = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    body = urlsafe_b64encode(b'{"sub":"administrator","role":"administrator"}').decode()
    return f"{head}.{body.rstrip('=')}."


WHO: Mapping[str, Callable[[World], Mapping[str, str]]] = {
    "nobody": lambda _w: {},
    "a stranger": lambda w: w.stranger,
    "the reporter": lambda w: w.owner,
    "the holder": lambda w: w.holder,
    "another ward": lambda w: w.officer.headers,
    "the ward": lambda w: w.handler.headers,
    "the Office": lambda w: w.office.headers,
    "a clerk": lambda w: w.clerk.headers,
    "the administrator": lambda w: w.administrator.headers,
    "the operator": lambda w: w.operator.headers,
    "a token without algorithm": lambda w: bearer(_none_token(w)),
    "an empty token": lambda _w: {"Authorization": "Bearer"},
    "a guessed token": lambda _w: bearer("A" * 43),
    "a password instead of a token": lambda w: {
        "Authorization": f"Basic {w.handler.account['password']}"
    },
    "two tokens": lambda w: bearer(f"{w.mine['tracking_token']},{w.theirs['tracking_token'][:-1]}"),
    "a foreign page": lambda _w: {"Origin": "https://evil.example"},
}
HOOK = "POST", "/webhooks", "the operator"


def hook(name: str, url: str) -> Row:
    return Row("API7", name, *HOOK, statuses=(422,), how={"json": {"url": url}})


def given(**body: Any) -> Any:
    return {"json": body}


NEW = {"username": "ke.gian", "display_name": "X", "role": "administrator"}
ASSIGN = {"unit": "ward_2", "text": "x"}
DIRECTIVE = {"addressee": "ward_2", "text": "x", "due_at": "2099-01-01T00:00:00Z"}
ROWS = [
    Row("API1", "another's media", "GET", "/reports/{code}/media/m1?variant=original",
        "a stranger"),
    Row("API1", "another's case", "GET", "/reports/{code}", "a stranger", (401,)),
    Row("API1", "another ward's case", "GET", "/desk/cases/{code}", "another ward"),
    Row("API1", "another ward's reporter", "GET",
        "/desk/cases/{code}/reporter?purpose=contact_reporter", "another ward"),
    Row("API1", "another's looks", "GET", "/reports/{code}/looks", "a stranger"),
    Row("API1", "another's withdrawal", "POST", "/reports/{code}/withdraw", "a stranger",
        how=given(text="x")),
    Row("API1", "another's reporter erased", "DELETE", "/reports/{code}/reporter", "a stranger"),
    Row("API1", "a disclosure by a guessed id", "GET",
        "/desk/cases/{code}/disclosures/d1/package", "another ward"),
    Row("API1", "another's dossier withdrawn", "POST", "/onestop/dossiers/{dossier}/withdraw",
        "a stranger", how=given(text="x")),
    Row("API1", "another's applicant", "GET",
        "/onestop/dossiers/{dossier}/applicant?purpose=contact_reporter", "the ward"),
    Row("API1", "another's number given back", "DELETE", "/onestop/tickets/{ticket}", "a stranger"),
    *(
        Row("API2", who, "GET", "/desk/cases", who, (401,))
        for who in ("a token without algorithm", "an empty token", "a guessed token",
                    "a password instead of a token", "a stranger", "two tokens")
    ),
    Row("API2", "a guessed refresh token", "POST", "/auth/refresh", statuses=(401,),
        how=given(refresh_token="A" * 43)),
    Row("API3", "state and unit of a step", "POST", "/desk/cases/{code}/progress", "the ward",
        (422,), given(text="x", state="closed", unit="ward_2", due_at="2099-01-01T00:00:00Z")),
    Row("API3", "role of oneself", "PATCH", "/admin/accounts/officer.ward_1", "the ward", (403,),
        given(role="administrator")),
    Row("API3", "unknown field of an account", "POST", "/admin/accounts", "the administrator",
        (422,), given(**NEW, is_root=True)),
    Row("API3", "number of a ticket", "POST", "/onestop/desks/civil_status/tickets",
        statuses=(422,), how=given(channel="online", number="A-001", state="serving")),
    Row("API4", "a limit of a million", "GET", "/desk/cases?limit=1000000", "the ward", (422,)),
    Row("API4", "a negative limit", "GET", "/ioc/events?limit=-1", "the operator", (422,)),
    Row("API4", "a body of 3 MB", "POST", "/onestop/dossiers", statuses=(413,),
        how={"content": b'{"procedure":"' + b"x" * 3_000_000 + b'"}',
             "headers_": {"Content-Type": "application/json"}}),
    *(
        Row("API4", f"{name} without end", "GET", path, "the ward", statuses)
        for name, path, statuses in (
            ("an address", "/desk/cases?q=" + "x" * 40_000, (431,)),
            ("parameters", "/desk/cases?" + "&".join(["limit=1"] * 4_000), (200, 422, 431)),
            ("a search", "/desk/cases?q=" + "%25" * 3_000, (422,)),
        )
    ),
    Row("API4", "cookies without end", "GET", "/desk/cases", "the ward", (431,),
        {"headers_": {"Cookie": "; ".join(f"c{n}=x" for n in range(10_000))}}),
    Row("API4", "a picture of 3.6 GB", "POST", "/reports/{code}/media", "the reporter", (422,),
        {"files": [("report", (None, b"{}", "application/json")),
                   ("media", ("x.png", huge_png(), "image/png"))]}),
    Row("API4", "a cursor of nonsense", "GET", "/desk/audit?after=x", "the Office", (422,)),
    *(
        Row("API5", f"{who}: {method} {path}", method, path, who, (status,), given(**body))
        for who, method, path, body, status in (
            ("the reporter", "POST", "/desk/cases/{code}/assign", ASSIGN, 401),
            ("the ward", "POST", "/desk/cases/{code}/assign", ASSIGN, 403),
            ("the ward", "POST", "/desk/cases/{code}/directives", DIRECTIVE, 403),
            ("the ward", "GET", "/admin/accounts", {}, 403),
            ("the Office", "GET", "/admin/accounts", {}, 403),
            ("the ward", "GET", "/webhooks", {}, 403),
            ("the Office", "POST", "/admin/accounts", NEW, 403),
            ("the Office", "POST", "/desk/cases/{code}/accept", {}, 403),
            ("a clerk", "POST", "/desk/cases/{code}/accept", {}, 404),
            ("the administrator", "POST", "/desk/cases/{code}/accept", {}, 404),
            ("nobody", "POST", "/onestop/desks/civil_status/next", {}, 401),
            ("the ward", "POST", "/onestop/desks/civil_status/next", {}, 403),
            ("the ward", "GET", "/deliveries", {}, 403),
        )
    ),
    Row("API6", "rating what is not finished", "POST", "/reports/{code}/rating", "the reporter",
        (409,), given(score=5)),
    Row("API6", "rating another's number", "POST", "/onestop/tickets/{ticket}/rating",
        statuses=(401,), how=given(score=5)),
    Row("API6", "rating a number not served", "POST", "/onestop/tickets/{ticket}/rating",
        "the holder", (409,), given(score=5)),
    Row("API6", "reopening what is open", "POST", "/reports/{code}/reopen", "the reporter",
        (409,), given(text="x")),
    hook("loopback", "https://127.0.0.1/x"),
    hook("metadata", "https://169.254.169.254/latest/meta-data/"),
    hook("IPv6 loopback", "https://[::1]/x"),
    hook("IPv4-mapped", "https://[::ffff:127.0.0.1]/x"),
    hook("decimal address", "https://2130706433/x"),
    hook("a name of the inside", "https://localhost/x"),
    hook("a file", "file:///etc/passwd"),
    hook("user info", "https://example.com@127.0.0.1/x"),
    *(
        Row("API8", f"{method} on a report", method, "/reports/{code}", statuses=(405,))
        for method in ("TRACE", "PUT", "PATCH")
    ),
    *(
        Row("API8", f"debug {path}", "GET", f"/../..{path}", statuses=(404,))
        for path in ("/debug", "/.env", "/.git/config", "/actuator/env", "/server-status")
    ),
    *(
        Row("API9", path, "GET", f"/../..{path}", statuses=(404,))
        for path in ("/api/v0/reports", "/api/v2/reports", "/api/reports", "/v1/reports",
                     "/api/internal", "/redoc", "/swagger.json")
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(stack: dict[str, Any]) -> Iterator[World]:
    city = City(stack)
    yield World(city)
    city.close()


def sent(world: World, row: Row) -> httpx.Response:
    path = row.path.format(code=world.code, ticket=world.ticket["id"], dossier=world.dossier)
    how = dict(row.how or {})
    headers = {**WHO[row.who](world), **how.pop("headers_", {})}
    if path.startswith("/../.."):
        return httpx.request(row.method, world.city.stack["intake"] + path[6:], headers=headers)
    return world.call(row.method, path, headers, **how)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.risk} {row.name}")
def test_a_hostile_call_is_refused_and_shows_and_changes_nothing(world: World, row: Row):
    before = world.state()

    answer = sent(world, row)

    assert answer.status_code in row.statuses, answer.text
    said = answer.text + repr(answer.headers.raw)
    assert SECRET not in said
    assert "Traceback" not in said
    assert 'File "' not in said
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert world.state() == before


def test_every_risk_that_is_a_table_has_at_least_three_rows():
    risks = [row.risk for row in ROWS]
    assert {f"API{n}": risks.count(f"API{n}") >= 3 for n in range(1, 10)} == {
        f"API{n}": True for n in range(1, 10)
    }


def test_a_refresh_token_works_once_and_its_second_use_ends_the_session(world: World):
    account = world.clerk.account
    form = {"username": account["username"], "password": account["password"]}
    first = world.city.intake.post("/auth/token", data=form).json()
    second = world.city.intake.post(
        "/auth/refresh", json={"refresh_token": first["refresh_token"]}
    ).json()

    again = world.city.intake.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})

    assert again.status_code == 401
    for token in (first["access_token"], second["access_token"]):
        assert world.call("GET", "/auth/me", bearer(token)).status_code == 401


def test_the_token_of_an_ended_session_opens_nothing(world: World):
    person = Official(world.city.intake, world.officer.account)
    assert world.call("POST", "/auth/logout", person.headers).status_code == 204

    assert world.call("GET", "/desk/cases", person.headers).status_code == 401


def test_a_report_cannot_choose_its_state_unit_or_deadline(world: World):
    extra = {"state": "closed", "unit": "leaders", "due_at": "2099-01-01T00:00:00Z", "code": "X"}

    answer = world.city.send({**report(area="Phường 2"), **extra})

    if answer.status_code == 201:
        case = world.city.own(answer.json())
        assert (case["state"], case["code"]) != ("closed", "X")
        assert not str(case["due_at"]).startswith("2099")
    else:
        assert answer.status_code == 422


def test_following_a_hundred_times_with_one_secret_counts_once(world: World):
    path = f"/reports/{world.mine['code']}/follow"
    key = {"Idempotency-Key": f"k-{uuid.uuid4().hex}"}
    answers = [world.call("POST", path, key) for _ in range(100)]

    assert {each.status_code for each in answers} <= {200, 201, 409}
    counts = {each.json().get("followers") for each in answers if each.status_code == 201}
    assert len(counts) == 1


def test_a_foreign_page_reads_nothing(world: World):
    for method in ("GET", "OPTIONS"):
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
        answer = world.call(method, f"/reports/{world.code}", asked)
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("name", ["content-security-policy", "x-frame-options", "referrer-policy"])
def test_every_answer_carries_the_header(world: World, name: str):
    for answer in (
        world.call("GET", f"/reports/{world.code}", {}),
        world.call("GET", "/reports/none", {}),
        world.call("GET", "/ioc/summary", {}),
        world.call("POST", "/auth/token", {}, data={"username": "x"}),
    ):
        assert name in answer.headers


def test_a_picture_that_is_small_and_right_is_still_taken(world: World):
    """So that the refusals above are not those of everything."""
    files = [("report", (None, b"{}", "application/json")),
             ("media", ("x.png", blank_png(64, 64), "image/png"))]  # fmt: skip
    answer = world.call("POST", f"/reports/{world.mine['code']}/media", world.stranger, files=files)
    assert answer.status_code == 201, answer.text
