"""The providers' doubles of a stack (`./dev up --doubles`), and the settings that lead to them.

A stack without them sends to nobody but the mail sink.
"""

import sys
from collections.abc import Mapping
from typing import Any

from deploy.local.layout import Layout
from deploy.local.probes import http
from deploy.local.program import Program

# Of the doubles in tests/doubles/providers.py: they open nothing anywhere.
ZALO_APP, ZALO_SECRET, ZALO_OA = "app1", "zalo-app-secret", "zalo-oa-secret"
SMS_CALLBACK = "sms-callback-secret"
FILES = ("sms", "zalo", "push", "webhooks")


def doubles(layout: Layout) -> list[Program]:
    """Return the program of the doubles; none, when the stack has none."""
    if not layout.doubles:
        return []
    port = layout.port("doubles")
    layout.doubles_folder.mkdir(parents=True, exist_ok=True)
    return [
        Program(
            name="doubles",
            command=(
                *(sys.executable, "-m", "tests.doubles", "--port", str(port)),
                *("--notify", layout.url("notify"), str(layout.doubles_folder)),
            ),
            environment={"NOTIFY_SMS_CALLBACK_SECRET": SMS_CALLBACK, "PYTHONUNBUFFERED": "1"},
            ready=http(port, "/health", wanted=200),
            ports=(port,),
        )
    ]


def settings(layout: Layout) -> Mapping[str, str]:
    """Return how notify reaches the doubles; nothing, when the stack has none."""
    if not layout.doubles:
        return {}
    address = layout.url("doubles")
    return {
        "NOTIFY_SMS_URL": address,
        "NOTIFY_SMS_API_KEY": "double",
        "NOTIFY_SMS_SECRET_KEY": "double",
        "NOTIFY_SMS_BRAND": "UBND DALAT",
        "NOTIFY_SMS_CALLBACK_SECRET": SMS_CALLBACK,
        "NOTIFY_ZALO_APP_ID": ZALO_APP,
        "NOTIFY_ZALO_SECRET_KEY": ZALO_SECRET,
        "NOTIFY_ZALO_OA_SECRET": ZALO_OA,
        "NOTIFY_ZALO_REFRESH_TOKEN": "refresh-0",
        "NOTIFY_ZALO_TEMPLATE_VI": "by-hand-vi",
        "NOTIFY_ZALO_TEMPLATE_EN": "by-hand-en",
        "NOTIFY_ZALO_URL": address,
        "NOTIFY_ZALO_OAUTH_URL": address,
        # pushes and webhooks pass the guard against addresses inside, to this port only
        "NOTIFY_TEST_HOSTS": address.removeprefix("http://"),
    }


def described(layout: Layout) -> dict[str, Any]:
    """Return what stack.json says of the doubles: where they are, and what they keep."""
    if not layout.doubles:
        return {}
    folder, address = layout.doubles_folder, layout.url("doubles")
    return {
        "doubles": {
            "url": address,
            **{name: str(folder / f"{name}.jsonl") for name in FILES},
            "push_subscription": str(folder / "push-subscription.json"),
            "webhook_url": f"{address}/webhook",
            "webhook_secret": str(folder / "webhook-secret.txt"),
        }
    }
