"""The four services of a stack, and what their environment says."""

import os
import sys
from collections.abc import Mapping

from deploy.local import doubles
from deploy.local.credentials import Credentials
from deploy.local.layout import Layout
from deploy.local.probes import http
from deploy.local.program import Program
from deploy.local.servers import BUCKET, amqp_url, mongo_url

SERVICES = ("intake", "router", "sla", "notify")
GRACE_S = 10  # to finish what is in hand after SIGTERM (shared/prefork.py)
# Where people call, connections have bounds of ours; the others answer probes only.
CALLED = ("intake", "notify")
# The tests' and the bench's whole city has one address.
_UNPACED = {
    "INTAKE_REQUESTS_PER_ADDRESS": "0",
    "INTAKE_REPORTS_PER_ADDRESS": "0",
    "INTAKE_UPLOADS_PER_ADDRESS": "0",
    "INTAKE_MISSES_PER_ADDRESS": "0",
    "NOTIFY_REQUESTS_PER_ADDRESS": "0",
    "NOTIFY_SUBSCRIPTIONS_PER_ADDRESS": "0",
}
# Nobody is believed who says that somebody else calls; uvicorn would believe every program of this
# machine, and so whoever reaches a port that was published through one.
_PACED = {"FORWARDED_ALLOW_IPS": ""}


def services(layout: Layout, credentials: Credentials) -> list[Program]:
    """Return the four services; a variable that the person has set goes before ours."""
    ours = service_environment(layout, credentials)
    environment = {name: os.environ.get(name) or value for name, value in ours.items()}
    # Whatever the person's shell says: a restart must not compile everything again, and a line of
    # a log must not wait in a buffer.
    environment |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": "1"}
    return [_service(name, layout, environment) for name in SERVICES]


def service_environment(layout: Layout, credentials: Credentials) -> Mapping[str, str]:
    """Return the settings of all services, by variable."""
    both = {
        "SEALING_KEY": credentials.sealing_key,
        "TRACKING_SECRET": credentials.tracking_secret,
        "PUBLIC_URL": layout.url("intake"),
    }
    every = {
        "PROFILE": "dev",
        "AMQP_URL": amqp_url(layout, credentials),
        "MONGO_URL": mongo_url(layout),
    }
    return {
        **{f"{each.upper()}_{name}": value for each in SERVICES for name, value in every.items()},
        **{f"{each}_{name}": text for each in ("INTAKE", "NOTIFY") for name, text in both.items()},
        "INTAKE_NOTIFY_URL": layout.url("notify"),
        "INTAKE_S3_ENDPOINT": f"127.0.0.1:{layout.port('s3')}",
        "INTAKE_S3_ACCESS_KEY": credentials.s3_access_key,
        "INTAKE_S3_SECRET_KEY": credentials.s3_secret_key,
        "INTAKE_S3_BUCKET": BUCKET,
        **(_UNPACED if layout.unpaced else _PACED),
        "INTAKE_ORIGINS": ",".join(_origins(layout, "notify")),
        "NOTIFY_ORIGINS": ",".join(_origins(layout, "intake")),
        "NOTIFY_OWN_URL": layout.url("notify"),
        "NOTIFY_VAPID_PRIVATE_KEY": credentials.vapid_private_key,
        "NOTIFY_SMTP_URL": f"smtp://127.0.0.1:{layout.port('smtp')}",
        **doubles.settings(layout),
    }


def _origins(layout: Layout, service: str) -> list[str]:
    """Return where a browser on this machine finds a service's pages, by both of its names."""
    port = layout.port(service)
    return [f"http://{host}:{port}" for host in ("127.0.0.1", "localhost")]


def _service(name: str, layout: Layout, environment: Mapping[str, str]) -> Program:
    port = layout.port(name)
    return Program(
        name=name,
        command=(
            *(sys.executable, "-m", "shared.prefork", f"services.{name}.app:create_app"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *(("--http", "shared.server:Protocol") if name in CALLED else ()),
            *(("--ws", "services.notify.sockets:Socket") if name == "notify" else ()),
        ),
        ready=http(port, "/health/ready", wanted=200),
        ports=(port,),
        environment=environment,
        # Not RabbitMQ: they wait for it themselves, and it takes longer to start than all others.
        needs=("mongo",),
        stage=2,
        stop_s=GRACE_S + 5,
        forks=True,
    )
