"""What this process wrote a moment ago, so that its next step need not read it again.

Only for a write that is compared with the version: a recent value may be older than the truth, and
the comparison finds that out. Never for what somebody is shown.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The newest values by identifier; each is given out once.

    Args:
        size: How many are kept; the next step comes within milliseconds.
    """

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()

    def keep(self, identifier: str, value: Value) -> None:
        """Remember a value that was just written."""
        self._values[identifier] = value
        if len(self._values) > self._size:
            self._values.popitem(last=False)

    def take(self, identifier: str) -> Value | None:
        """Return the value and forget it: whoever tries again reads the truth."""
        return self._values.pop(identifier, None)
