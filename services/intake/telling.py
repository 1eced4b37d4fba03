"""Puts together how citizens choose to be told: reporters, and followers with their addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.followers import FollowerDesk
from services.intake.notifications import Notifications
from services.intake.settings import Settings
from shared.confirmations import AskLedger, ConfirmationTokens
from shared.followers import Followers
from shared.identity import Seal, Vault
from shared.optouts import OptOuts, OptOutTokens
from shared.runtime import Runtime


@dataclass(frozen=True)
class Telling:
    """Where reporters and followers choose, and anybody gets out."""

    notifications: Notifications
    followers: FollowerDesk


def build(
    runtime: Runtime, settings: Settings, vault: Vault, clock: Callable[[], datetime]
) -> Telling:
    """Return both desks; their collections and the sweep live as long as the runtime."""
    identity = runtime.database("identity")
    secrets = settings.tracking_secrets()
    followers = Followers(identity, Seal(settings.sealing_key))
    optouts = OptOuts(identity, secrets)
    ledger = AskLedger(identity, secrets[0], settings.asks_per_address)
    for kept in (optouts.documents, followers.documents, ledger.documents):
        runtime.keep(kept)
    desk = FollowerDesk(
        followers,
        ledger,
        ConfirmationTokens(secrets),
        clock=clock,
        lasts=timedelta(hours=settings.confirm_hours),
    )
    runtime.alongside(desk)
    tokens = OptOutTokens(secrets)
    return Telling(Notifications(vault, followers, optouts, tokens, clock=clock), desk)
