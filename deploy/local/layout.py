"""Where a stack keeps its state and which ports it takes.

`LOCAL_DIR` moves the state and `PORT_BASE` moves every port, so several stacks run side by side.
"""

import os
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".local" / "tools"  # shared by all stacks of this checkout

DEFAULT_PORT_BASE = 8000
DOUBLES = "STACK_DOUBLES"  # set for the supervisor by `up --doubles`
UNPACED = "STACK_UNPACED"  # one address may ask for as much as it likes: tests, bench, chaos

# Distance of every port from PORT_BASE. The two public ones come first, so that with the default
# base intake is at :8000 and notify at :8001.
PORTS: Mapping[str, int] = {
    "intake": 0,
    "notify": 1,
    "router": 2,  # probes and metrics only
    "sla": 3,  # probes and metrics only
    "amqp": 10,
    "management": 11,  # RabbitMQ's web page and HTTP API
    "distribution": 12,  # between Erlang nodes; rabbitmqctl uses it
    "epmd": 13,  # a port mapper of our own, so that no other Erlang node is disturbed
    "mongo": 14,
    "s3": 15,
    "smtp": 16,
    "doubles": 17,  # of the providers, with `up --doubles`
}
SPAN = max(PORTS.values()) + 1
LOWEST, HIGHEST = 1024, 65536 - SPAN


class LayoutError(Exception):
    """PORT_BASE or LOCAL_DIR cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Layout:
    """One stack: its folder and its first port."""

    directory: Path
    port_base: int = DEFAULT_PORT_BASE
    doubles: bool = False  # whether providers' doubles run beside the mail sink
    unpaced: bool = False  # whether the limits per address are off, as a whole city shares one

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Layout":
        """Read LOCAL_DIR (default `.local` in the checkout) and PORT_BASE (default 8000).

        Raises:
            LayoutError: PORT_BASE is no number that leaves room for all ports.
        """
        given = environment.get("PORT_BASE") or str(DEFAULT_PORT_BASE)
        if not given.isdecimal() or not LOWEST <= int(given) <= HIGHEST:
            raise LayoutError(
                f"PORT_BASE={given}: a number from {LOWEST} to {HIGHEST} is needed; "
                f"the stack takes ports from it up to {SPAN - 1} above it"
            )
        directory = Path(environment.get("LOCAL_DIR") or ROOT / ".local").absolute()
        return cls(
            directory,
            int(given),
            doubles=bool(environment.get(DOUBLES)),
            unpaced=bool(environment.get(UNPACED)),
        )

    def port(self, name: str) -> int:
        """Return the port of a server or service; the names are those of `PORTS`."""
        return self.port_base + PORTS[name]

    def url(self, service: str) -> str:
        """Return the address of a service, without a path."""
        return f"http://127.0.0.1:{self.port(service)}"

    @property
    def data(self) -> Path:
        """Folder of the servers' data; it survives a restart."""
        return self.directory / "data"

    @property
    def logs(self) -> Path:
        """Folder with one log per process."""
        return self.directory / "logs"

    @property
    def mail(self) -> Path:
        """Folder in which every received message is one .eml file."""
        return self.directory / "mail"

    @property
    def doubles_folder(self) -> Path:
        """Folder of what the providers' doubles were sent."""
        return self.directory / "doubles"

    @property
    def stack_file(self) -> Path:
        """The addresses and pids of the running stack; there only while one runs."""
        return self.directory / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the supervisor for as long as it lives; names its process."""
        return self.directory / "supervisor.lock"

    @property
    def secrets_file(self) -> Path:
        """The passwords and keys made at the first start, readable by the owner only."""
        return self.directory / "secrets.json"


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # as the servers do: a port in TIME_WAIT is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port_base() -> int:
    """Return a base whose ports are all free now, below the range that the kernel hands out.

    Raises:
        LayoutError: none was found in a hundred tries.
    """
    for _ in range(100):
        base = random.randrange(20000, 32000, 20)  # noqa: S311 - no secret
        if _all_free(base):
            return base
    raise LayoutError("no twenty free ports in a row between 20000 and 32000")


def next_port_base(base: int) -> int:
    """Return a base above this one, a round number, whose ports are all free now."""
    rounded = range(base - base % 100 + 100, HIGHEST, 100)
    return next((each for each in rounded if _all_free(each)), DEFAULT_PORT_BASE)


def _all_free(base: int) -> bool:
    return all(is_free(base + offset) for offset in PORTS.values())
