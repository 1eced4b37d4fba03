"""What the one-stop counter is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.intake.api.auth import Guard
from services.intake.onestop.api.parts import Counter
from services.intake.onestop.catalogue import load_catalogue
from services.intake.onestop.daybreak import Daybreak
from services.intake.onestop.dossiers import Dossiers
from services.intake.onestop.hall import Hall
from services.intake.onestop.store import DossierStore, QueueStore
from services.intake.shelf import Shelf
from shared.identity import TrackingTokens, Vault
from shared.pace import Throttle
from shared.runtime import Runtime, utc_now


@dataclass(frozen=True)
class Places:
    """What the counter shares with the rest of intake; `misses` brakes who guesses codes."""

    guard: Guard
    tokens: TrackingTokens
    note: Callable[..., Awaitable[Any]]
    misses: Throttle


def build(runtime: Runtime, vault: Vault, shelf: Shelf, file: Path, *, places: Places) -> Counter:
    """Return the counter; its parts live as long as the service.

    Raises:
        RuleFileError: the file of procedures and desks contradicts itself.
    """
    catalogue = load_catalogue(file)
    base = runtime.database("intake")
    queues, stored = QueueStore(base), DossierStore(base)
    hall = Hall(
        queues,
        runtime.tail_publisher(queues.aggregates),
        vault,
        catalogue=catalogue,
        shelf=shelf,
        clock=utc_now,
    )
    dossiers = Dossiers(
        stored,
        runtime.tail_publisher(stored.aggregates),
        vault,
        catalogue=catalogue,
        shelf=shelf,
        clock=utc_now,
    )
    runtime.alongside(Daybreak(hall))
    return Counter(
        hall=hall,
        dossiers=dossiers,
        catalogue=catalogue,
        shelf=shelf,
        guard=places.guard,
        tokens=places.tokens,
        note=places.note,
        misses=places.misses,
    )
