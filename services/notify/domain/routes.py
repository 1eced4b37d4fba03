"""On which channel a person is told: their order, what they refused, what has failed. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

PUSH = "push"
EMAIL = "email"
ZALO = "zalo"
SMS = "sms"
CHANNELS = (PUSH, EMAIL, ZALO, SMS)

# Who chose nothing: a push to who subscribed, else the cheapest that they gave an address for.
DEFAULT_ORDER = CHANNELS
# At night these make a noise in a reporter's bedroom; a mail does not.
LOUD = frozenset({PUSH, ZALO, SMS})
# The provider, or the device, knows a message by our id: sent again, it is shown once.
DEDUPLICATES = frozenset({PUSH, EMAIL, SMS})
# A mailbox may show a repeated mail twice though its Message-ID is the same, so it is repeated
# rarely; a device and a gateway that know our id may be asked as often as it takes.
MOST_UNSURE = {EMAIL: 3}
PATIENCE = 4  # attempts on a channel that asks to wait, while another is left
URGENT_WAITS = timedelta(minutes=2)  # and for how long an emergency does


def routes(
    chosen: Sequence[str] | None, addresses: Mapping[str, str], running: Collection[str]
) -> list[tuple[str, str]]:
    """Return the channels to try in their order, each with its address.

    Args:
        chosen: By the person; None: nothing was chosen; empty: they want to hear nothing.
        addresses: By channel; those that they opted out of are not among them.
        running: Channels that this installation has.
    """
    order = DEFAULT_ORDER if chosen is None else chosen
    return [(each, addresses[each]) for each in order if each in running and each in addresses]


def hurries_on(asked: timedelta | None, *, urgent: bool, others: bool) -> bool:
    """Say whether an emergency goes on to its next channel, as this one asks it to wait.

    Zalo takes nothing at night; a text or a mail may be at hand.
    """
    return urgent and others and asked is not None and asked > URGENT_WAITS
