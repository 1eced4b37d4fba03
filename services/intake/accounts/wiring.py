"""The parts of accounts put together: for the service, for the command, for the tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.accounts.contacts import Contacts
from services.intake.accounts.domain import Units
from services.intake.accounts.door import REFUSED_AFTER_S, Door
from services.intake.accounts.notes import Note, log_note
from services.intake.accounts.oidc import OidcDoor
from services.intake.accounts.oidc_settings import OidcSettings
from services.intake.accounts.passwords import Cost, Passwords
from services.intake.accounts.registry import Registry
from services.intake.accounts.sessions import Lifetimes, Sessions
from services.intake.accounts.store import AccountStore, SessionStore
from services.intake.accounts.throttle import SharedThrottle
from services.intake.shelf import Shelf
from shared.directory import Directory
from shared.mongo import Database, Documents


@dataclass(frozen=True)
class AccountSettings:
    """What an operator sets of accounts.

    Attributes:
        cost: Of a password hash.
        hashers: Hashes at once.
        failures_per_address: In five minutes, over all replicas; 0 switches the brake off.
        address_key: Of the hash that stands for an address among the counted failures.
        refused_after_s: How long a refused sign-in takes, whatever was wrong.
    """

    lifetimes: Lifetimes
    cost: Cost
    hashers: int = 2
    failures_per_address: int = 100
    address_key: bytes = b""
    refused_after_s: float = REFUSED_AFTER_S
    passwords: bool = True
    oidc: OidcSettings | None = None


@dataclass(frozen=True)
class Accounts:
    """All parts; `collections` are those whose indexes must be there at the start."""

    settings: AccountSettings
    store: AccountStore
    sessions: Sessions
    passwords: Passwords
    registry: Registry
    door: Door
    contacts: Contacts | None
    oidc: OidcDoor | None
    collections: Sequence[Documents]


def build(
    base: Database,
    settings: AccountSettings,
    units: Callable[[], Units],
    clock: Callable[[], datetime],
    *,
    note: Note = log_note,
    directory: Directory | None = None,
) -> Accounts:
    """Return the parts of accounts on a database; nothing is read or written yet."""
    store, session_store = AccountStore(base), SessionStore(base)
    passwords = Passwords(settings.cost, workers=settings.hashers)
    sessions = Sessions(store, session_store, settings.lifetimes, note=note, clock=clock)
    oidc = None
    if settings.oidc:
        from services.intake.accounts.oidc_provider import Provider  # noqa: PLC0415 - its libraries, 4 MB

        provider = Provider(settings.oidc, clock)
        oidc = OidcDoor(provider, store, sessions, base=base, note=note, clock=clock)
    throttle = SharedThrottle(
        base, settings.failures_per_address, key=settings.address_key, clock=clock
    )
    contacts = Contacts(directory, store) if directory else None
    registry = Registry(
        store, sessions, passwords, units=units, note=note, clock=clock, contacts=contacts
    )
    return Accounts(
        contacts=contacts,
        settings=settings,
        store=store,
        sessions=sessions,
        passwords=passwords,
        registry=registry,
        door=Door(
            store,
            sessions,
            passwords,
            throttle=throttle,
            note=note,
            clock=clock,
            refused_after_s=settings.refused_after_s,
        ),
        oidc=oidc,
        collections=(
            *(store.documents, store.leases, session_store.documents, throttle.documents),
            *((oidc.pending,) if oidc else ()),
        ),
    )


def units_of(shelf: Shelf, clock: Callable[[], datetime]) -> Callable[[], Units]:
    """Return what names the units of the regulation in force, with their kinds."""

    def units() -> Units:
        now = clock()
        rules = shelf.now(now)
        return {unit.id: unit.kind for unit in rules.regulation.units_on(rules.local_day(now))}

    return units
