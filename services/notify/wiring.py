"""Puts the channels together: those whose settings are there; a fresh installation only mails."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.api.callbacks import Callbacks
from services.notify.channels.base import Channel
from services.notify.channels.email import WITHIN_S, EmailChannel
from services.notify.channels.push import PushChannel
from services.notify.channels.sms import SmsChannel, SmsSettings
from services.notify.channels.zalo import ZaloChannel, ZaloSettings
from services.notify.channels.zalo_tokens import ZaloApp, ZaloTokens
from services.notify.domain import EMAIL, PUSH, SMS, ZALO, QuietHours
from services.notify.messages import Messages
from services.notify.people import People, Vaults
from services.notify.sender import Sender
from services.notify.settings import Settings
from services.notify.store import DeliveryStore
from services.notify.subscriptions import Subscriptions
from shared.directory import Directory
from shared.followers import Followers
from shared.identity import Seal, TrackingTokens, Vault
from shared.lockbox import Lockbox
from shared.optouts import OptOuts
from shared.outbound import rules_for
from shared.rulebook import Rulebook
from shared.runtime import Runtime
from shared.vocabulary import Language

CALLBACKS = "/api/v1/callbacks"


@dataclass(frozen=True)
class Deliveries:
    """What sends to people."""

    store: DeliveryStore
    subscriptions: Subscriptions
    people: People
    followers: Followers
    sender: Sender
    channels: tuple[str, ...]


def build(
    runtime: Runtime,
    settings: Settings,
    *,
    book: Rulebook,
    directory: Directory,
    clock: Callable[[], datetime],
) -> Deliveries:
    """Return the sender with its channels; its collections are kept by the runtime."""
    base, identity = runtime.database("notify"), runtime.database("identity")
    secrets = settings.tracking_secrets()
    store = DeliveryStore(base)
    subscriptions = Subscriptions(base, Lockbox(settings.sealing_key, "push"))
    optouts = OptOuts(identity, secrets)
    seal = Seal(settings.sealing_key)
    vaults = Vaults(Vault(identity, seal), Followers(identity, seal))
    kept = (store.documents, subscriptions.documents, optouts.documents)
    for documents in (*kept, vaults.followers.documents):
        runtime.keep(documents)
    people = People(vaults, directory, optouts, subscriptions, clock=clock)
    messages = Messages(book, TrackingTokens(secrets), settings.public_url)
    quiet = QuietHours(settings.quiet_from, settings.quiet_until, book.installed.calendar.zone)
    ways = channels(runtime, settings, messages, subscriptions, quiet=quiet, clock=clock)
    sender = Sender(
        store,
        people,
        messages,
        ways,
        quiet=quiet,
        clock=clock,
        lease=timedelta(seconds=settings.send_lease_s),
        batch=settings.send_batch,
    )
    return Deliveries(store, subscriptions, people, vaults.followers, sender, tuple(ways))


def channels(
    runtime: Runtime,
    settings: Settings,
    messages: Messages,
    subscriptions: Subscriptions,
    *,
    quiet: QuietHours,
    clock: Callable[[], datetime],
) -> dict[str, Channel]:
    """Return the channels of this installation: mail always, the others when they are set."""
    found: dict[str, Channel] = {
        EMAIL: EmailChannel(
            settings.smtp_url,
            settings.mail_from,
            settings.send_at_once,
            within_s=min(WITHIN_S, settings.send_lease_s / 2),
        )
    }
    if settings.vapid_private_key:
        found[PUSH] = PushChannel(
            settings.vapid_private_key,
            settings.vapid_subject,
            subscriptions,
            rules=rules_for(settings.profile, settings.test_hosts),
            clock=clock,
        )
    if settings.zalo_app_id:
        found[ZALO] = _zalo(runtime, settings, quiet, clock)
    if settings.sms_url:
        callback = f"{settings.own_url.rstrip('/')}{CALLBACKS}/sms"
        gateway = SmsSettings(
            url=settings.sms_url,
            api_key=settings.sms_api_key,
            secret_key=settings.sms_secret_key,
            brand=settings.sms_brand,
            most=settings.sms_parts,
            callback_url=callback,
        )
        found[SMS] = SmsChannel(gateway, messages.line, clock)
    return found


def callbacks(settings: Settings, store: DeliveryStore, clock: Callable[[], datetime]) -> Callbacks:
    """Return what the providers' callbacks are checked with."""
    return Callbacks(
        store,
        zalo_app_id=settings.zalo_app_id,
        zalo_oa_secret=settings.zalo_oa_secret,
        sms_secret=settings.sms_callback_secret,
        clock=clock,
    )


def _zalo(
    runtime: Runtime, settings: Settings, quiet: QuietHours, clock: Callable[[], datetime]
) -> ZaloChannel:
    app = ZaloApp(
        settings.zalo_oauth_url,
        settings.zalo_app_id,
        settings.zalo_secret_key,
        settings.zalo_refresh_token,
    )
    box = Lockbox(settings.sealing_key, "zalo")
    tokens = ZaloTokens(runtime.database("notify"), box, app, clock)
    templates = {Language.VIETNAMESE: settings.zalo_template_vi}
    if settings.zalo_template_en:
        templates[Language.ENGLISH] = settings.zalo_template_en
    where = ZaloSettings(settings.zalo_url, settings.zalo_secret_key, templates)
    return ZaloChannel(where, tokens, quiet=quiet, clock=clock)
