"""Keeps the directory of officials as the accounts are: whom notify can write to."""

from services.intake.accounts.domain import Account
from services.intake.accounts.store import AccountStore, Page
from shared.directory import Contact, Directory

PAGE = 200


class Contacts:
    """Writes an account's work address with every change, and all of them at the start.

    The account and its contact are two documents: a crash between the two writes is mended by the
    next start. An older version never replaces a newer one, so repeating is safe.
    """

    def __init__(self, directory: Directory, accounts: AccountStore) -> None:
        self._directory = directory
        self._accounts = accounts

    async def announce(self, account: Account) -> None:
        """Say how an account is reached, or that it is told nothing any more."""
        if account.disabled or account.email is None:
            await self._directory.remove(account.id, account.version)
            return
        contact = Contact(account.id, account.unit, account.role, account.email)
        await self._directory.put(contact, account.version)

    async def start(self) -> None:
        """Announce every account."""
        after = ""
        while accounts := await self._accounts.page(Page(after=after, limit=PAGE)):
            for account in accounts:
                await self.announce(account)
            after = accounts[-1].username

    async def stop(self) -> None:
        """Nothing is left running."""
