"""What Zalo's answers mean: an HTTP 200 is no success, its `error` is read. Pure."""

from datetime import timedelta

from services.notify.domain.delivery import Outcome

# -124 from the template endpoint, -216 from the others: a fresh access token, and once more
EXPIRED = frozenset({-124, -216})
NIGHT = -133  # not between 22:00 and 06:00
UNKNOWN = frozenset({-100, -129})  # nobody can say whether it was sent
RECIPIENT = frozenset({-108, -114, -118, -119, -134, -139, -141})
TEMPLATE = frozenset({-109, -112, -121, -130, -131, -132, -146})
ACCOUNT = frozenset({*range(-105, -100), -117, -120, -125, -135, -138, -1351, -1241})
MONEY = frozenset({-115, -126, -137, -144, -147})

# A parameter that is longer is refused with the whole message.
LONGEST = {"code": 30, "status": 30, "due": 30, "link": 200}


def outcome(error: int, until_morning: timedelta) -> Outcome:
    """Return what an `error` means for one message.

    What is our own fault (template, account, money) is refused too: the person is told on their
    next channel meanwhile, and the reason stands in the list of what did not arrive.
    """
    reason = f"zalo_{error}"
    if error == 0:
        return Outcome("accepted", "")
    if error == NIGHT:
        return Outcome("retry", reason, until_morning)
    if error in RECIPIENT | TEMPLATE | ACCOUNT | MONEY | EXPIRED:
        return Outcome("rejected", reason)
    return Outcome("ambiguous", reason)


def ours(error: int) -> bool:
    """Say whether an operator has to act: nobody will get a message until then."""
    return error in TEMPLATE | ACCOUNT | MONEY | EXPIRED


def parameters(words: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a template, each cut to the length that Zalo takes."""
    return {name: _cut(words[name], most) for name, most in LONGEST.items()}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
