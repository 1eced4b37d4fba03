"""What the supervisor is told about one program."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.probes import Probe


@dataclass(frozen=True)
class Program:
    """A server or a service: how it is started and when it is ready."""

    name: str
    command: tuple[str, ...]
    ready: Probe
    ports: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    needs: tuple[str, ...] = ()  # names of those that are ready before its first start
    stage: int = 1  # the highest ends first
    stop_s: float = 15.0  # after SIGTERM; then it is killed
    forks: bool = False  # takes `--report-to FD`, and writes the pid of each worker there
