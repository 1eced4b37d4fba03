"""How a person is reached now: looked up at the moment of sending, kept nowhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time

from services.notify.domain import EMAIL, PUSH, SMS, ZALO, Delivery, Outcome, Person
from services.notify.question import CHANNELS_OF, CONFIRM, still_asked
from services.notify.subscriptions import Subscriptions
from shared.directory import Directory
from shared.errors import PermanentError
from shared.events import CaseSnapshot
from shared.followers import Followers
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
    quiet: tuple[time, time] | None = None  # as they chose; None: the city's


@dataclass(frozen=True)
class Vaults:
    """Where citizens are sealed: reporters, and those who follow a case of others."""

    reporters: Vault
    followers: Followers


class People:
    """Reads the vault for reporters and the directory for officials."""

    def __init__(
        self,
        vaults: Vaults,
        directory: Directory,
        optouts: OptOuts,
        subscriptions: Subscriptions,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._reporters, self._followers = vaults.reporters, vaults.followers
        self._directory = directory
        self._optouts = optouts
        self._subscriptions = subscriptions
        self._clock = clock

    async def refresh(self) -> None:
        """Read who opted out or subscribed a moment ago; one small query in two seconds each."""
        await self._optouts.refresh()
        await self._subscriptions.refresh()

    async def of(self, delivery: Delivery) -> Reached | Outcome:
        """Return how the recipient is reached, or why they cannot be."""
        reference = delivery.recipient.partition(":")[2]
        if delivery.to_citizen:
            return await self._citizen(delivery, ReporterId(reference))
        contact = await self._directory.find(reference)
        if contact is None:
            return Outcome("rejected", "no_contact")
        if contact.unit != delivery.unit:  # what concerns the unit that they left is not theirs
            return Outcome("rejected", "moved")
        chosen, phone = contact.preferences.channels, contact.preferences.phone
        found = {EMAIL: contact.email, ZALO: phone, SMS: phone}
        addresses = {name: address for name, address in found.items() if address}
        # what concerns their duty arrives: a mail is last, whatever they chose
        order = None if chosen is None else tuple(dict.fromkeys((*chosen, EMAIL)))
        given = {**self._push(delivery.recipient), **addresses}
        return Reached(given, order, quiet=contact.preferences.quiet)

    async def following(self, case: CaseSnapshot) -> list[Person]:
        """Return who follows a case and asked to hear of it, each person once.

        Who is told as its reporter is not among them, nor the second of two with one address.
        """
        found = await self._followers.of(case.code) if case.followers else []
        known = await self._told_as_reporter(case.reporter) if found else set[str]()
        people: list[Person] = []
        for reference, follower in found:
            places = _places(follower)
            way = places or PUSH in (follower.channels or (PUSH,))
            if way and known.isdisjoint(places) and follower.channels != ():
                known |= places
                mailbox = (follower.email or reference).casefold()
                people.append(Person(reference, follower.language, mailbox))
        return people

    async def _told_as_reporter(self, reference: ReporterId | None) -> set[str]:
        try:
            found = await self._reporters.read(reference) if reference else None
        except PermanentError:
            found = None
        return _places(found) if found and found.channels != () else set()

    async def _citizen(self, delivery: Delivery, reference: ReporterId) -> Reached | Outcome:
        asks = delivery.template == CONFIRM
        try:
            person = await self._person(delivery, reference)
        except PermanentError:
            return Outcome("rejected", "sealed")
        if not isinstance(person, Reporter):
            return person
        if person.channels is not None and not person.channels:
            return Outcome("rejected", "opted_out")
        given = {**({} if asks else self._push(delivery.recipient)), **addresses_of(person)}
        wanted = {name: at for name, at in given.items() if not self._optouts.has(name, at)}
        if not wanted:
            return Outcome("rejected", "opted_out" if given else "no_address")
        silenced = len(wanted) < len(given)
        return Reached(wanted, person.channels, silenced=silenced, quiet=person.quiet)

    async def _person(self, delivery: Delivery, reference: ReporterId) -> Reporter | Outcome:
        """Return who is told, with the addresses that may be: a question goes to its own only."""
        if delivery.to_reporter:
            return await self._reporters.read(reference) or Outcome("rejected", "erased")
        follower = await self._followers.find(reference)
        if follower is None:
            return Outcome("rejected", "erased")
        if delivery.template != CONFIRM:
            return follower.told()
        ask = still_asked(follower, delivery, self._clock())
        if isinstance(ask, str):
            return Outcome("rejected", ask)
        asked = replace(follower, confirmed=frozenset({ask.place})).told()
        chosen = tuple(each for each in asked.channels or () if each in CHANNELS_OF[ask.place])
        return asked.model_copy(update={"channels": chosen})

    def _push(self, recipient: str) -> dict[str, str]:
        return {PUSH: recipient} if self._subscriptions.has(recipient) else {}


def _places(person: Reporter) -> set[str]:
    """Return where messages to a person arrive, for comparing."""
    return {each.strip().casefold() for each in (person.email, mobile(person.phone)) if each}


def addresses_of(reporter: Reporter) -> dict[str, str]:
    """Return what a reporter gave, by channel; a foreign number is reached by neither."""
    phone = mobile(reporter.phone)
    found = {EMAIL: reporter.email, ZALO: phone, SMS: phone}
    return {name: address for name, address in found.items() if address}
