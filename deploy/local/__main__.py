"""What `./dev` runs: reads the command line; the work is in the modules it names."""

import argparse
import sys

from deploy.local.layout import LayoutError

HELP = """\
./dev up [--detach]     the whole stack without Docker: RabbitMQ, MongoDB, S3, mail sink, services
./dev up --doubles      with providers for SMS, Zalo, push and webhooks, on loopback
./dev down              end it; the data stays
./dev demo              ten real reports through it, hop by hop
./dev test [ARGS]       everything, on servers of its own; ARGS go to pytest
./dev check             the fast loop: format, lint, types, imports, unit and contract tests
./dev bench             how fast, beside what the servers alone can do
./dev pages             build what people see in a browser (needs node; `up` does it as well)
./dev shots [NAMES]     screenshots of every page, size, theme and state into .local/shots
./dev chaos             break everything under load: --minutes N --seed S [--rows 1,3] [--reports N]
./dev docs              write the OpenAPI and AsyncAPI documents
./dev deadletters ...   list | show | replay | drop what no retry could help; --help says more
./dev run MODULE ...    a command of the runbook (python -m MODULE ...) with this stack's settings
./dev backup DIR        databases and media into an empty folder, also under load
./dev restore DIR [--secrets FILE]   into the empty servers of LOCAL_DIR; then ./dev up
./dev compose-test      the same stack in containers: up, a report, scale, another, down

PORT_BASE (8000) moves all ports: intake +0, notify +1, router +2, sla +3, RabbitMQ +10 and its web
page +11, Erlang +12 and +13, MongoDB +14, S3 +15, SMTP +16, doubles +17. LOCAL_DIR (.local) moves
the state. With both, stacks run side by side. LOCAL_DIR/stack.json says where everything is.
A variable of a service (ROUTER_AREAS, INTAKE_REGULATION, MOTOR_MAX_WORKERS ...) is passed on.
One address may send 3,000 reports in five minutes; STACK_UNPACED=1 ./dev up lifts the limits per
address, for load tools and `./dev bench --stack`. The tests, bench and chaos lift them themselves.
"""


# These pass nothing on: what they do not know was mistyped ("--detached").
OWN = frozenset({"up", "down", "supervise", "check", "help"})


def main() -> int:
    """Run one command; return the exit code."""
    given, rest = _parser().parse_known_args()
    if rest and given.command in OWN:
        print(f"./dev {given.command} knows no {' '.join(rest)}: ./dev help", file=sys.stderr)
        return 2
    try:
        return _run(given, rest)
    except LayoutError as error:
        print(f"./dev: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", usage=HELP, add_help=False)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up")
    start.add_argument("--detach", "-d", action="store_true")
    start.add_argument("--doubles", action="store_true")
    supervise = commands.add_parser("supervise")
    supervise.add_argument("--report-to", type=int, required=True)
    supervise.add_argument("--servers-only", action="store_true")
    for name in (
        "down",
        "check",
        "help",
        "test",
        "demo",
        "bench",
        "chaos",
        "docs",
        "deadletters",
        "run",
        "backup",
        "restore",
        "pages",
        "shots",
        "compose-test",
    ):
        # a prefix that nobody types: every argument is left for the program behind the command
        commands.add_parser(name, add_help=False, prefix_chars="\0")
    return parser


def _run(  # noqa: C901, PLR0912 - reads as a table
    given: argparse.Namespace, rest: list[str]
) -> int:
    """Import what the command needs, and no more: `./dev check` shall not wait for `up`."""
    if given.command == "help":
        print(HELP, end="")
        return 0
    if given.command in ("test", "check"):
        from deploy.local import checks  # noqa: PLC0415

        return checks.test(rest) if given.command == "test" else checks.check()

    from deploy.local import commands  # noqa: PLC0415

    match given.command:
        case "up":
            code = commands.up(detach=given.detach, doubles=given.doubles)
        case "down":
            code = commands.down()
        case "supervise":
            code = commands.supervise(given.report_to, with_services=not given.servers_only)
        case "demo":
            code = commands.demo(rest)
        case "backup":
            code = commands.backup(rest)
        case "restore":
            code = commands.restore(rest)
        case "deadletters":
            code = commands.deadletters(rest)
        case "run":
            code = commands.run(rest)
        case "shots":
            code = commands.become("tests.browser.shots", rest)
        case "chaos":
            code = commands.become("tests.chaos", rest)
        case other:
            code = commands.become(f"deploy.{other.replace('-', '_')}", rest)
    return code


if __name__ == "__main__":
    sys.exit(main())
