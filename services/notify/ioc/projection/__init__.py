"""What is kept of the stream beyond its retention: one module per entity, one projector for all."""

from services.notify.ioc.projection.base import Heard, Projection
from services.notify.ioc.projection.cases import CaseJourneys
from services.notify.ioc.projection.onestop import OnestopNewest
from services.notify.ioc.projection.projector import Projector

__all__ = ["CaseJourneys", "Heard", "OnestopNewest", "Projection", "Projector"]
