"""A reporter and an operations centre over HTTP, as the tests use them."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
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

    def __init__(self, stack: dict[str, Any]) -> None:
        self.stack = stack
        self.intake = httpx.Client(base_url=f"{stack['intake']}/api/v1", timeout=30)
        self.notify = httpx.Client(base_url=f"{stack['notify']}/api/v1", timeout=30)

    def close(self) -> None:
        self.intake.close()
        self.notify.close()

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
            found = [each for each in page["items"] if each["subject"] == code]
            return found if set(types) <= {each["type"] for each in found} else None

        return eventually(look)

    def mails_to(self, address: str, count: int) -> list[str]:
        """Subjects of the mails to an address, once there are `count`."""
        folder = Path(self.stack["mail"])

        def look() -> list[str] | None:
            found: list[str] = []
            for path in sorted(folder.glob("*.eml")):
                mail = message_from_bytes(path.read_bytes(), policy=policy.default)
                if mail["X-Envelope-To"] == address or mail["To"] == address:
                    found.append(str(mail["Subject"]))
            return found if len(found) >= count else None

        return eventually(look)
