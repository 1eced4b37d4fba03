"""Places where a test kills the process: the moments between two durable steps.

Does nothing unless `<SERVICE>_FAILPOINT` is set, and outside the dev profile a service that finds
it set refuses to start (`ServiceSettings.guarded`). The value is either a point (`after_insert`;
`after_insert:3` for the third time that it is reached in a process), or, when it holds a slash, a
folder: a file in it with the name of a point kills the process that reaches this point next, once.
A file `handling-<message id>` kills whoever handles that message, each time, and grows by a byte.
The end is SIGKILL: no handler runs, nothing in memory is saved.
"""

import asyncio
import os
import signal
from pathlib import Path

AFTER_OBJECT_PUT = "after_object_put"  # the media are stored, the case is not
AFTER_INSERT = "after_insert"  # state and events are stored, nobody knows
BEFORE_PUBLISH = "before_publish"
AFTER_PUBLISH = "after_publish"  # the bytes are on their way, the confirm is not here
AFTER_CONFIRM = "after_confirm"  # the broker has it, the document still owes it
AFTER_SEND = "after_send"  # the mail server has it, the delivery is still pending
BEFORE_ACK = "before_ack"  # the handler is done, the broker does not know
POINTS = frozenset(
    {
        AFTER_OBJECT_PUT,
        AFTER_INSERT,
        BEFORE_PUBLISH,
        AFTER_PUBLISH,
        AFTER_CONFIRM,
        AFTER_SEND,
        BEFORE_ACK,
    }
)
HANDLING = "handling"
WRITTEN_S = 0.001  # the connection's writer has had its turn, a quorum has not yet answered


class _Armed:
    """What this process was told; one per process, since its end is the process's."""

    folder: Path | None = None
    point: str = ""
    countdown: int = 0


def arm(value: str) -> None:
    """Take the setting of this process.

    Raises:
        ValueError: it names no point of ours.
    """
    if "/" in value:
        _Armed.folder, _Armed.point = Path(value), ""
        return
    point, _, count = value.partition(":")
    if point and (point not in POINTS or not (count or "1").isdecimal()):
        raise ValueError(f"{value} is no fail-point; there are {', '.join(sorted(POINTS))}")
    _Armed.folder, _Armed.point, _Armed.countdown = None, point, int(count or "1")


def reached(point: str) -> None:
    """End the process here if it was told to."""
    if _Armed.folder is not None:
        try:
            (_Armed.folder / point).unlink()  # whoever removes it dies, and nobody else
        except OSError:
            return
    elif point != _Armed.point:
        return
    else:
        _Armed.countdown -= 1
        if _Armed.countdown > 0:
            return
    os.kill(os.getpid(), signal.SIGKILL)


def handling(message_id: str | None) -> None:
    """End the process if a test said that this message is the end of whoever handles it."""
    if _Armed.folder is None:
        return
    try:
        place = os.open(_Armed.folder / f"{HANDLING}-{message_id}", os.O_WRONLY | os.O_APPEND)
    except (OSError, ValueError):
        return
    os.write(place, b".")
    os.kill(os.getpid(), signal.SIGKILL)


def reached_soon(point: str) -> None:
    """End the process a moment after what is being written now has left it."""
    if _Armed.folder is not None or point == _Armed.point:
        asyncio.get_running_loop().call_later(WRITTEN_S, reached, point)
