"""How a person is reached now: looked up at the moment of sending, kept nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.notify.domain import EMAIL, PUSH, SMS, ZALO, Delivery, Outcome
from services.notify.subscriptions import Subscriptions
from shared.directory import Directory
from shared.errors import PermanentError
from shared.identity import Reporter, Vault
from shared.optouts import OptOuts
from shared.phone import mobile
from shared.vocabulary import ReporterId


@dataclass(frozen=True)
class Reached:
    """The addresses of a person by channel, and the order that they chose (None: none)."""

    addresses: Mapping[str, str] = field(repr=False)
    chosen: Sequence[str] | None = None
    silenced: bool = False  # an address of theirs opted out


class People:
    """Reads the vault for reporters and the directory for officials."""

    def __init__(
        self, vault: Vault, directory: Directory, optouts: OptOuts, subscriptions: Subscriptions
    ) -> None:
        self._vault = vault
        self._directory = directory
        self._optouts = optouts
        self._subscriptions = subscriptions

    async def refresh(self) -> None:
        """Read who opted out or subscribed a moment ago; one small query in two seconds each."""
        await self._optouts.refresh()
        await self._subscriptions.refresh()

    async def of(self, delivery: Delivery) -> Reached | Outcome:
        """Return how the recipient is reached, or why they cannot be."""
        reference = delivery.recipient.partition(":")[2]
        if delivery.to_reporter:
            return await self._reporter(delivery.recipient, ReporterId(reference))
        contact = await self._directory.find(reference)
        if contact is None:
            return Outcome("rejected", "no_contact")
        if contact.unit != delivery.unit:  # what concerns the unit that they left is not theirs
            return Outcome("rejected", "moved")
        addresses = {EMAIL: contact.email} if contact.email else {}
        return Reached({**self._push(delivery.recipient), **addresses})

    async def _reporter(self, recipient: str, reference: ReporterId) -> Reached | Outcome:
        try:
            reporter = await self._vault.read(reference)
        except PermanentError:
            return Outcome("rejected", "sealed")
        if reporter is None:
            return Outcome("rejected", "erased")
        if reporter.channels is not None and not reporter.channels:
            return Outcome("rejected", "opted_out")
        given = {**self._push(recipient), **addresses_of(reporter)}
        wanted = {name: at for name, at in given.items() if not self._optouts.has(name, at)}
        if not wanted:
            return Outcome("rejected", "opted_out" if given else "no_address")
        return Reached(wanted, reporter.channels, silenced=len(wanted) < len(given))

    def _push(self, recipient: str) -> dict[str, str]:
        return {PUSH: recipient} if self._subscriptions.has(recipient) else {}


def addresses_of(reporter: Reporter) -> dict[str, str]:
    """Return what a reporter gave, by channel; a foreign number is reached by neither."""
    phone = mobile(reporter.phone)
    found = {EMAIL: reporter.email, ZALO: phone, SMS: phone}
    return {name: address for name, address in found.items() if address}
