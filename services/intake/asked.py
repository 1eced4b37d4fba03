"""A step that may be asked for twice: what its Idempotency-Key and its body say.

Their hashes stand beside the fact in the case's history: one write makes the step and its key
durable, and the key lives as long as the case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.domain.parties import Actor
from shared.errors import CivicError
from shared.identity import fingerprint


class KeyReusedError(CivicError):
    """The idempotency key already stands for something else."""


@dataclass(frozen=True)
class Asked:
    """Under what a step is known again.

    Attributes:
        key: Hash of the key and of who sent it: two officials may choose the same.
        body: Hash of what was asked for.
    """

    key: str
    body: str

    def is_in(self, history: Iterable[Mapping[str, Any]]) -> bool:
        """Say whether this was carried out before.

        Raises:
            KeyReusedError: something else was, under the same key.
        """
        for record in history:
            found = record.get("asked")
            if found and found["key"] == self.key:
                if found["body"] != self.body:
                    raise KeyReusedError("the key stands for another step")
                return True
        return False

    def as_record(self) -> dict[str, str]:
        """Return it as the history keeps it."""
        return {"key": self.key, "body": self.body}


def asked(key: str | None, actor: Actor, what: str, body: Sequence[str]) -> Asked | None:
    """Return under what a step is known again; None without a key.

    Args:
        key: The header, or None.
        actor: Who asks.
        what: The command.
        body: What was sent with it: its JSON, or the hashes of its files in order.
    """
    if key is None:
        return None
    who = f"{actor.role or ''}\n{actor.account}\n{key}"
    return Asked(fingerprint(who), fingerprint("\n".join((what, *body))))
