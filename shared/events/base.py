"""What every event and everything in it is made from."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """What stands on the wire: frozen, and deaf to fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Wire):
    """Something that happened, said by the one service that owns the entity."""

    type: ClassVar[str]
    source: ClassVar[str]
