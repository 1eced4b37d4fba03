"""The accounts that a local stack offers to try the officials' side with."""

from typing import TypedDict


class Account(TypedDict):
    """One account, as stack.json lists it."""

    username: str
    password: str
    role: str
    unit: str


def accounts() -> list[Account]:
    """Return the accounts of the local stack; none, as long as no service asks for one."""
    return []
