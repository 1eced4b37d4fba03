"""What a subscriber of the IOC stream folds its events into, and the hash by which two compare.

From the beginning of the stream, whatever the transport, the crashes and the copies on the way,
everybody ends with the same hash. Pure.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

# Per entity (`case/DL-7K3Q-9M2F`): its newest sequence, the digest of that event's data, and how
# many of its events were never seen.
Entry: TypeAlias = tuple[int, str, int]
State: TypeAlias = dict[str, Entry]


def entity(event: Mapping[str, Any]) -> str:
    """Return which entity an event is about: the first word of its type, and its subject."""
    return f"{event['type'].partition('.')[0]}/{event['subject']}"


def fold(state: State, event: Mapping[str, Any]) -> bool:
    """Take an event (a CloudEvents envelope) into the state; say whether it was new.

    A copy, or an event older than what is known, changes nothing: the newest wins by `sequence`.
    """
    key, sequence = entity(event), int(event["sequence"])
    last, _, missed = state.get(key, (0, "", 0))
    if sequence <= last:
        return False
    data = json.dumps(event["data"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(data.encode()).hexdigest()[:16]
    state[key] = (sequence, digest, missed + sequence - last - 1)
    return True


def missed(state: Mapping[str, Entry]) -> int:
    """Return how many events were skipped, in all entities."""
    return sum(entry[2] for entry in state.values())


def state_hash(state: Mapping[str, Entry]) -> str:
    """Return the SHA-256 of the state, in hexadecimal; the order of arrival does not matter."""
    lines = (f"{key} {' '.join(map(str, state[key]))}\n" for key in sorted(state))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
