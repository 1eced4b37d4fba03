"""How a citizen wants to be told: channels in their order, kept with them in the vault."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from shared.followers import PREFIX, Followers
from shared.identity import Reporter, Vault
from shared.optouts import OptOuts, OptOutTokens
from shared.phone import mobile
from shared.vocabulary import Language, ReporterId

EMAIL = "email"
BY_PHONE = ("zalo", "sms")


@dataclass(frozen=True)
class Choice:
    """What a reporter chose; an address that is None stays as it was given with the report."""

    channels: Sequence[str]
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    language: Language | None = None
    quiet: tuple[time, time] | None = None  # local, from and until


class Notifications:
    """Reads and writes what reporters chose, and opts anybody out; `clock` is the server's time."""

    def __init__(
        self,
        vault: Vault,
        followers: Followers,
        optouts: OptOuts,
        tokens: OptOutTokens,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._vault = vault
        self._followers = followers
        self._optouts = optouts
        self._tokens = tokens
        self._clock = clock

    async def read(self, reporter: ReporterId) -> Reporter | None:
        """Return the reporter, or None when they were erased."""
        return await self._vault.read(reporter)

    async def choose(self, reporter: ReporterId, choice: Choice) -> Reporter | None:
        """Keep a choice; None when the reporter was erased.

        Who names a channel wants its messages: an earlier opt-out of the address is lifted.
        """
        now = self._clock()

        def alter(before: Reporter) -> Reporter:
            changes = {
                "channels": tuple(choice.channels),
                "chosen_at": now,
                "email": choice.email or before.email,
                "phone": choice.phone or before.phone,
                "language": choice.language or before.language,
                "quiet": choice.quiet or before.quiet,
            }
            return before.model_copy(update=changes)

        after = await self._vault.change(reporter, alter)
        if after is not None:
            for name in choice.channels:
                if address := _address(after, name):
                    await self._optouts.lift(name, address, now)
        return after

    async def opt_out(self, token: str) -> str | None:
        """End a channel for the address of whoever got the link; None when it is no link of ours.

        The hash of the address outlives the report and the reporter. Who was erased meanwhile is
        told nothing anyway.
        """
        found = self._tokens.read(token)
        if found is None:
            return None
        reporter, channel = found
        vault = self._followers if reporter.startswith(PREFIX) else self._vault
        known = await vault.read(reporter)
        if known and (address := _address(known, channel)):
            await self._optouts.add(channel, address, self._clock())
        return channel


def _address(reporter: Reporter, channel: str) -> str | None:
    if channel == EMAIL:
        return reporter.email
    return mobile(reporter.phone) if channel in BY_PHONE else None
