"""The router: hears new cases and says who handles them."""

from functools import partial

from services.router.handlers import on_case_submitted
from services.router.maps import load_maps
from services.router.settings import Settings
from services.router.store import RoutingStore
from shared import logs, topology
from shared.health import ProbeApp
from shared.rulebook import load_rulebook
from shared.runtime import Runtime, utc_now


def create_app() -> ProbeApp:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("router")
    book = load_rulebook(settings.regulation, settings.calendars, utc_now())
    maps = load_maps(settings.areas, book.installed)
    runtime = Runtime("router", settings, wait_for_broker=True)
    runtime.rulebook(book)
    store = RoutingStore(runtime.database("router"))
    handler = partial(
        on_case_submitted,
        store=store,
        publisher=runtime.tail_publisher(store.aggregates),
        maps=maps,
        book=book,
        clock=utc_now,
    )
    runtime.hear(topology.ROUTER_CASES, handler)

    return ProbeApp(runtime.checks(), runtime.running())
