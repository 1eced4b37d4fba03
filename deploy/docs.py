"""`./dev docs`: writes docs/asyncapi.json and the two OpenAPI documents; `--check` compares.

The documents are made from the code alone: the applications are created with example settings
and never started, so no server is needed and the answer is the same on every machine.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import tomllib
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from deploy.asyncapi import asyncapi_document
from deploy.local.layout import ROOT
from deploy.roles import roles_document
from services.intake import app as intake
from services.notify import app as notify

DOCS = ROOT / "docs"

# Enough for an application to be created; nothing listens at these addresses.
_SERVERS = {"AMQP_URL": "amqp://127.0.0.1/", "MONGO_URL": "mongodb://127.0.0.1/", "PROFILE": "dev"}
_SECRETS = {"SEALING_KEY": base64.b64encode(bytes(32)).decode(), "TRACKING_SECRET": "example"}
EXAMPLE_SETTINGS = {
    f"{service}_{name}": value
    for service in ("INTAKE", "NOTIFY")
    for name, value in (_SERVERS | _SECRETS).items()
}


def documents() -> dict[str, str]:
    """Return every document as text, by file name; the same code gives the same bytes."""
    return {
        "asyncapi.json": _text(asyncapi_document(_version())),
        "openapi-intake.json": _text(openapi(intake.create_app)),
        "openapi-notify.json": _text(openapi(notify.create_app)),
        "roles.json": _text(roles_document()),
    }


def openapi(create_app: Callable[[], FastAPI]) -> dict[str, Any]:
    """Return the OpenAPI document of an application, which is created and not started."""

    async def create() -> dict[str, Any]:
        return create_app().openapi()  # the drivers want a running loop around them

    with _only(EXAMPLE_SETTINGS):
        return asyncio.run(create())


def differing(wanted: Mapping[str, str]) -> list[str]:
    """Return the names of the documents whose file is missing or says something else."""
    return [
        name
        for name, text in wanted.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the documents, or with `--check` compare them with the files; 1 when they differ."""
    parser = argparse.ArgumentParser(prog="./dev docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    given = parser.parse_args()
    wanted = documents()
    changed = differing(wanted)
    if given.check:
        for name in changed:
            print(f"docs/{name} is not what the code says: run ./dev docs", file=sys.stderr)
        return 1 if changed else 0
    DOCS.mkdir(exist_ok=True)
    for name, text in wanted.items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(
            f"docs/{name:<20} {len(text):>7,} characters{'' if name in changed else ', as before'}"
        )
    return 0


@contextmanager
def _only(environment: Mapping[str, str]) -> Generator[None]:
    """Let this environment alone count inside: no person's own changes a document."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
