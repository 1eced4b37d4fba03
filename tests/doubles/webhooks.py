"""An integrator's receiver: verifies every call with the reference library, keeps what it got."""

from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.doubles.server import Asked, Said


class Receiver:
    """Answers as told; whatever is not signed under its secret raises at the test's end.

    Args:
        secret: As the platform showed it.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.say = Said(204)
        self.calls: list[Asked] = []
        self.events: list[dict[str, Any]] = []
        self.forged = 0

    async def __call__(self, asked: Asked) -> Said:
        self.calls.append(asked)
        try:
            self.events.append(Webhook(self.secret).verify(asked.body, dict(asked.headers)))
        except (KeyError, WebhookVerificationError):
            self.forged += 1
            return Said(401)
        return self.say

    @property
    def ids(self) -> list[str]:
        """Message ids in the order of the calls."""
        return [each.headers["webhook-id"] for each in self.calls]
