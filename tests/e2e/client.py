"""A reporter and an operations centre over HTTP, as the tests use them."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
WAIT_S = 10.0  # the machines are shared; what must be fast is measured and said, not timed here


def eventually(look: Callable[[], T], wait_s: float = WAIT_S) -> T:
    """Return the first true answer of `look`."""
    until = time.monotonic() + wait_s
    while not (found := look()):
        assert time.monotonic() < until, f"{look} gave nothing true within {wait_s} s"
        time.sleep(0.02)
    return found


def report(**changes: Any) -> dict[str, Any]:
    """A valid report."""
    plain: dict[str, Any] = {
        "text": "Rác đổ đầy lối đi trước nhà văn hoá, bốc mùi từ hôm qua",
        "category": "environment",
        "area": "Phường 1",
        "terms": True,
        "reporter": {
            "kind": "resident",
            "name": "Người Thử Nghiệm",
            "phone": "0900000000",
            "email": f"{uuid.uuid4().hex[:12]}@example.com",
            "language": "vi",
        },
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


class City:
    """The API of a running stack, described by its stack.json."""

    @classmethod
    def at(cls, stack_file: Path) -> "City":
        """The stack that a stack.json describes."""
        return cls(json.loads(stack_file.read_text()))

    def __init__(self, stack: dict[str, Any]) -> None:
        self.stack = stack
        self._officials: dict[tuple[str, str | None], Official] = {}
        self.intake = httpx.Client(base_url=f"{stack['intake']}/api/v1", timeout=30)
        self.notify = httpx.Client(base_url=f"{stack['notify']}/api/v1", timeout=30)

    def close(self) -> None:
        self.intake.close()
        self.notify.close()

    def units(self, kind: str) -> list[str]:
        """Ids of the units of a kind."""
        items = self.intake.get("/units").json()["items"]
        return [each["id"] for each in items if each["kind"] == kind]

    def official(self, unit: str, role: str | None = None) -> "Official":
        """Somebody of a unit, signed in."""
        roles = [role] if role else ["officer", "office_clerk", "leader"]
        key = (unit, role)
        if key not in self._officials:
            account = next(
                each
                for each in self.stack["accounts"]
                if each["unit"] == unit and each["role"] in roles
            )
            self._officials[key] = Official(self.intake, account)
        return self._officials[key]

    def of_role(self, role: str) -> "Official":
        """Somebody with a role, signed in."""
        account = next(each for each in self.stack["accounts"] if each["role"] == role)
        key = (account["unit"] or "", role)
        if key not in self._officials:
            self._officials[key] = Official(self.intake, account)
        return self._officials[key]

    def office(self) -> "Official":
        """A clerk of the Office."""
        return self.of_role("office_clerk")

    def leader(self) -> "Official":
        """A leader."""
        return self.of_role("leader")

    def reporter(self, receipt: dict[str, Any], name: str, **body: Any) -> dict[str, Any]:
        """A step of the reporter, with the tracking token."""
        headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
        answer = self.intake.post(f"/reports/{receipt['code']}/{name}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(
        self,
        body: dict[str, Any] | bytes,
        files: Sequence[tuple[str, bytes, str]] | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a report: as a form with files (name, content, declared type), else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if files is None:
            named["Content-Type"] = "application/json"
            return self.intake.post("/reports", content=content, headers=named)
        parts = [("report", (None, content, "application/json"))]
        parts += [("media", each) for each in files]
        return self.intake.post("/reports", files=parts, headers=named)

    def own(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """The reporter's own view."""
        headers = {"Authorization": f"Bearer {receipt['tracking_token']}"}
        answer = self.intake.get(f"/reports/{receipt['code']}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def in_state(self, receipt: dict[str, Any], state: str) -> dict[str, Any]:
        """The public view, once the case is in `state`."""

        def look() -> dict[str, Any] | None:
            found = self.intake.get(f"/reports/{receipt['code']}").json()
            return found if found["state"] == state else None

        return eventually(look)

    def newest(self) -> int:
        """The end of the IOC stream."""
        return self.notify.get("/ioc/summary").json()["newest_offset"]

    def events_of(self, code: str, after: int, *types: str) -> list[dict[str, Any]]:
        """A case's events on the IOC stream after an offset, once all `types` are there."""

        def look() -> list[dict[str, Any]] | None:
            page = self.notify.get("/ioc/events", params={"after": after, "limit": 1000}).json()
            # the stream may hold an event twice, under the same id
            unique = {each["id"]: each for each in reversed(page["items"])}.values()
            found = [each for each in reversed(unique) if each["subject"] == code]
            return found if set(types) <= {each["type"] for each in found} else None

        return eventually(look)

    def mails_to(self, address: str, count: int) -> list[str]:
        """Subjects of the mails to an address, once there are `count`."""
        return [str(mail["Subject"]) for mail in self.letters_to(address, count)]

    def letters_to(self, address: str, count: int) -> list[EmailMessage]:
        """The mails to an address, once there are `count`."""
        folder = Path(self.stack["mail"])

        def look() -> list[EmailMessage] | None:
            found: list[EmailMessage] = []
            for path in sorted(folder.glob("*.eml")):
                mail = message_from_bytes(path.read_bytes(), policy=policy.default)
                if mail["X-Envelope-To"] == address or mail["To"] == address:
                    found.append(mail)
            return found if len(found) >= count else None

        return eventually(look)


class Official:
    """Somebody at a desk, signed in with a personal account."""

    def __init__(self, client: httpx.Client, account: dict[str, Any]) -> None:
        self._client = client
        self.account = account
        form = {"username": account["username"], "password": account["password"]}
        answer = client.post("/auth/token", data=form)
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def get(self, code: str) -> httpx.Response:
        return self._client.get(f"/desk/cases/{code}", headers=self.headers)

    def case(self, code: str) -> dict[str, Any]:
        answer = self.get(code)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(
        self, code: str, name: str, body: dict[str, Any], *, if_match: str = ""
    ) -> httpx.Response:
        headers = {**self.headers, **({"If-Match": if_match} if if_match else {})}
        return self._client.post(f"/desk/cases/{code}/{name}", json=body, headers=headers)

    def act(self, code: str, name: str, **body: Any) -> dict[str, Any]:
        answer = self.post(code, name, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add_media(self, code: str, files: Sequence[tuple[str, bytes, str]]) -> dict[str, Any]:
        parts: list[Any] = [("report", (None, b"{}", "application/json"))]
        parts += [("media", each) for each in files]
        answer = self._client.post(f"/desk/cases/{code}/media", files=parts, headers=self.headers)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def inbox(self, **filters: Any) -> list[dict[str, Any]]:
        return self.page(**filters)["items"]

    def page(self, **filters: Any) -> dict[str, Any]:
        answer = self._client.get("/desk/cases", params=filters, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()
