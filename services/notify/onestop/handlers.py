"""What notify hears of the one-stop counter."""

from services.notify.onestop.figures import OnestopFigures
from shared.events import Received


async def on_onestop(received: Received, figures: OnestopFigures) -> None:
    """Keep the newest figures of a desk's day or a dossier."""
    await figures.note(received)
