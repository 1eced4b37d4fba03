"""`python -m services.intake.accounts`: the first administrator, and help from the console.

It works on the MongoDB of intake's settings (`INTAKE_MONGO_URL`, `INTAKE_DATABASE_PREFIX`, ...).
Passwords never stand on the command line, where every process of the machine could read them.
"""

import argparse
import asyncio
import getpass
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from services.intake.accounts import refusals
from services.intake.accounts.domain import Account
from services.intake.accounts.registry import Issued, NewAccount, NewPassword, Registry
from services.intake.accounts.store import Page
from services.intake.accounts.wiring import build
from services.intake.audit import Audit
from services.intake.settings import Settings
from shared import logs
from shared.directory import Directory
from shared.errors import CivicError
from shared.mongo import connect, database
from shared.runtime import utc_now
from shared.vocabulary import Language, Role

COMMAND = "command"  # who did it, in the account and in the audit
PAGE = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    given = _parser().parse_args(arguments)
    logs.configure("intake")
    try:
        asyncio.run(_run(given))
    except CivicError as error:
        _complain(error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.intake.accounts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-admin", help="issue an administrator's account")
    create.add_argument("--username", required=True)
    create.add_argument("--display-name", help="default: the username")
    _add_password_source(create)
    listing = commands.add_parser("list", help="list the accounts")
    listing.add_argument("--role", type=Role, choices=list(Role))
    for name, what in (("disable", "end an account's use"), ("enable", "allow it again")):
        commands.add_parser(name, help=what).add_argument("username")
    reset = commands.add_parser("reset-password", help="set a password, and lift a lock")
    reset.add_argument("username")
    _add_password_source(reset)
    return parser


def _add_password_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--generate", action="store_true", help="generate it and print it once (the default)"
    )
    source.add_argument("--prompt", action="store_true", help="ask for it twice")
    source.add_argument("--stdin", action="store_true", help="read one line")


async def _run(given: argparse.Namespace) -> None:
    async with _registry() as registry:
        match given.command:
            case "create-admin":
                await _create_admin(registry, given)
            case "list":
                await _list(registry, given.role)
            case "reset-password":
                account = await _find(registry, given.username)
                password = NewPassword(_password(given))
                _show(await registry.change(account, {}, COMMAND, password=password))
            case name:
                account = await _find(registry, given.username)
                _show(await registry.change(account, {"disabled": name == "disable"}, COMMAND))


@asynccontextmanager
async def _registry() -> AsyncGenerator[Registry, None]:
    settings = Settings()
    client = connect(settings.mongo_url)
    base = database(client, f"{settings.database_prefix}_intake")
    # no command gives anybody a unit, so none has to be known
    audit = Audit(base, utc_now)
    directory = Directory(database(client, f"{settings.database_prefix}_identity"))
    accounts = build(
        base, settings.accounts(), dict, utc_now, note=audit.note_account, directory=directory
    )
    try:
        for each in (
            *accounts.collections,
            audit.documents,
            directory.documents,
        ):
            await each.ensure_indexes()
        yield accounts.registry
    finally:
        accounts.passwords.close()
        client.close()


async def _create_admin(registry: Registry, given: argparse.Namespace) -> None:
    password = _password(given)
    new = NewAccount(
        username=given.username,
        display_name=given.display_name or given.username,
        role=Role.ADMINISTRATOR,
        password=password,
        must_change=password is None,  # whoever typed it has chosen it
    )
    _show(await registry.create(new, COMMAND))


async def _list(registry: Registry, role: Role | None) -> None:
    after = ""
    while found := await registry.page(Page(after, PAGE, role)):
        for each in found:
            print(_line(each))  # noqa: T201 - a command's output
        after = found[-1].username


async def _find(registry: Registry, username: str) -> Account:
    account = await registry.find(username)
    if account is None:
        raise CivicError(f"there is no account {username!r}")
    return account


def _password(given: argparse.Namespace) -> str | None:
    """Return the password that was typed; None has one generated."""
    if given.stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not given.prompt:
        return None
    first = getpass.getpass("password: ")
    if getpass.getpass("again: ") != first:
        raise CivicError("the two passwords differ")
    return first


def _show(issued: Issued) -> None:
    print(_line(issued.account))  # noqa: T201 - a command's output
    if issued.one_time_password:
        print(f"one-time password: {issued.one_time_password}")  # noqa: T201 - shown once


def _line(account: Account) -> str:
    state = "disabled" if account.disabled else "enabled"
    return f"{account.username}\t{account.role}\t{account.unit or '-'}\t{state}"


def _complain(error: CivicError) -> None:
    problem = refusals.problem_of(error, Language.ENGLISH)
    fields = problem.errors if problem else ()
    said = [problem.en if problem else str(error), *(f"{e.field}: {e.detail}" for e in fields)]
    print("; ".join(said), file=sys.stderr)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
