"""The local stack's accounts: issued once, and never changed again by a restart."""

import asyncio
from pathlib import Path

from deploy.local.accounts import accounts, seed
from deploy.local.credentials import load_or_make
from services.intake.accounts.registry import NewPassword
from shared.vocabulary import Role
from tests.integration.accounts_world import world


async def test_a_restart_issues_what_is_missing_and_changes_nothing(
    mongo_url: str, database_prefix: str, tmp_path: Path
):
    people = accounts(load_or_make(tmp_path / "secrets.json"))
    async with world(mongo_url, database_prefix) as here:
        await seed(mongo_url, database_prefix, people[:3])
        head = people[0]["username"]
        account = await here.accounts.registry.find(head)
        assert account
        own = "hoa mimosa trên đồi"
        await here.accounts.registry.change(account, {}, "test", password=NewPassword(own))

        await asyncio.gather(*(seed(mongo_url, database_prefix, people) for _ in range(3)))

        assert (await here.sign_in(head, own)).account.role is Role(people[0]["role"])
        for each in people[1:]:
            admission = await here.sign_in(each["username"], each["password"])
            assert (admission.account.role, admission.account.unit) == (each["role"], each["unit"])
        assert await here.accounts.store.documents.count({}) == len(people)
