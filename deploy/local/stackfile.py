"""stack.json: where everything of the running stack is. There only while the stack runs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.local import doubles
from deploy.local.credentials import Credentials, write_private
from deploy.local.layout import Layout
from deploy.local.servers import BUCKET, amqp_url, management_url, mongo_url
from deploy.local.services import SERVICES


def describe(
    layout: Layout,
    credentials: Credentials,
    accounts: Sequence[Mapping[str, Any]] = (),
    *,
    with_services: bool = True,
) -> dict[str, Any]:
    """Return what stack.json says, without the pids."""
    return {
        **({name: layout.url(name) for name in SERVICES} if with_services else {}),
        "amqp": amqp_url(layout, credentials),
        "management": management_url(layout, credentials),
        "mongo": mongo_url(layout),
        "s3": {
            "endpoint": f"127.0.0.1:{layout.port('s3')}",
            "access_key": credentials.s3_access_key,
            "secret_key": credentials.s3_secret_key,
            "bucket": BUCKET,
        },
        "smtp": f"smtp://127.0.0.1:{layout.port('smtp')}",
        "mail": str(layout.mail),
        **doubles.described(layout),
        "logs": str(layout.logs),
        "accounts": list(accounts),
    }


def write(layout: Layout, description: Mapping[str, Any], pids: Mapping[str, int]) -> None:
    """Replace stack.json at once; it holds passwords, so only its owner may read it."""
    text = json.dumps({**description, "pids": dict(pids)}, indent=2, ensure_ascii=False)
    write_private(layout.stack_file, text + "\n")


def read(layout: Layout) -> dict[str, Any] | None:
    """Return what the running stack says of itself; None while there is none."""
    try:
        return json.loads(layout.stack_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def remove(layout: Layout) -> None:
    """Take stack.json away: nothing runs any more."""
    layout.stack_file.unlink(missing_ok=True)
