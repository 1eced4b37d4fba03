"""What the `republish` commands have in common: run it, say how much, or why not."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from shared.errors import OutageError


def report(work: Coroutine[Any, Any, int], what: str) -> int:
    """Run `work`, say how many of `what` will be said again; 0 done, 2 not possible now."""
    try:
        print(f"{asyncio.run(work)} {what} will be said again")  # noqa: T201
    except OutageError as error:
        print(f"republish: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
