"""The real servers of a stack: RabbitMQ, MongoDB, S3, and a mail sink."""

import sys
from collections.abc import Mapping

from deploy.local.credentials import Credentials
from deploy.local.doubles import doubles
from deploy.local.layout import Layout
from deploy.local.probes import greeting, http
from deploy.local.program import Program
from deploy.local.replica_set import NAME, ensure_primary
from deploy.local.tools import Tools

BUCKET = "civic-media"
NODE = "civic@localhost"

# A broker on a small machine: its schedulers must not spin while they wait (that costs every other
# process its time), and nothing but 127.0.0.1 may reach the Erlang distribution.
ERLANG_FLAGS = (
    "-noinput -start_epmd false +sbwt none +sbwtdcpu none +sbwtdio none "
    "-kernel inet_dist_use_interface {127,0,0,1}"
)


def servers(layout: Layout, tools: Tools, credentials: Credentials) -> list[Program]:
    """Return the servers of a stack; their folders and settings are written first."""
    return [
        _epmd(layout, tools),
        _rabbitmq(layout, tools, credentials),
        _mongo(layout, tools),
        _s3(layout, tools, credentials),
        _mail(layout),
        *doubles(layout),
    ]


def amqp_url(layout: Layout, credentials: Credentials) -> str:
    """Return the address of the broker's default vhost."""
    user, password = credentials.amqp_user, credentials.amqp_password
    return f"amqp://{user}:{password}@127.0.0.1:{layout.port('amqp')}/"


def management_url(layout: Layout, credentials: Credentials) -> str:
    """Return the address of the broker's web page and HTTP API."""
    user, password = credentials.amqp_user, credentials.amqp_password
    return f"http://{user}:{password}@127.0.0.1:{layout.port('management')}"


def mongo_url(layout: Layout) -> str:
    """Return the address of the replica set."""
    return f"mongodb://127.0.0.1:{layout.port('mongo')}/?replicaSet={NAME}"


def _epmd(layout: Layout, tools: Tools) -> Program:
    port = layout.port("epmd")
    return Program(
        name="epmd",
        command=(str(tools.epmd), "-address", "127.0.0.1", "-port", str(port)),
        # NAMES_REQ, answered with the mapper's own port and a list
        ready=greeting(port, port.to_bytes(4, "big"), question=b"\0\1n"),
        ports=(port,),
        stage=0,
    )


def _rabbitmq(layout: Layout, tools: Tools, credentials: Credentials) -> Program:
    port = layout.port("amqp")
    home = layout.data / "rabbitmq"
    home.mkdir(parents=True, exist_ok=True)
    for name, text in _rabbitmq_files(layout, credentials).items():
        (home / name).write_text(text, encoding="utf-8")
    return Program(
        name="rabbitmq",
        command=(str(tools.rabbitmq),),
        # the AMQP port opens last; the protocol's header is answered by Connection.Start
        ready=greeting(port, b"\1\0\0", question=b"AMQP\0\0\x09\1"),
        ports=(port, layout.port("management"), layout.port("distribution")),
        environment=rabbitmq_environment(layout),
        needs=("epmd",),
        stop_s=30,
    )


def _rabbitmq_files(layout: Layout, credentials: Credentials) -> Mapping[str, str]:
    settings = {
        "listeners.tcp.1": f"127.0.0.1:{layout.port('amqp')}",
        "management.tcp.ip": "127.0.0.1",
        "management.tcp.port": layout.port("management"),
        "default_user": credentials.amqp_user,
        "default_pass": credentials.amqp_password,
        "disk_free_limit.absolute": "200MB",  # below it publishers are blocked, and nothing is lost
    }
    return {
        "rabbitmq.conf": "".join(f"{key} = {value}\n" for key, value in settings.items()),
        "enabled_plugins": "[rabbitmq_management].\n",
        "advanced.config": "[].\n",
        "env.conf": "",  # instead of the system's own
    }


def rabbitmq_environment(layout: Layout) -> Mapping[str, str]:
    """Return what makes a RabbitMQ node, or a rabbitmqctl, the private one of this stack."""
    home = layout.data / "rabbitmq"
    return {
        "HOME": str(home),  # of the Erlang cookie
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(layout.port("amqp")),
        "RABBITMQ_DIST_PORT": str(layout.port("distribution")),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(layout.logs),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONF_ENV_FILE": str(home / "env.conf"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        # The start script replaces itself by the broker, so that the pid is the broker's.
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_FLAGS,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(layout.port("epmd")),
        "ERL_CRASH_DUMP_SECONDS": "0",  # no dump of hundreds of megabytes
    }


def _mongo(layout: Layout, tools: Tools) -> Program:
    port = layout.port("mongo")
    home = layout.data / "mongo"
    home.mkdir(parents=True, exist_ok=True)
    return Program(
        name="mongo",
        command=(
            *(str(tools.mongod), "--replSet", NAME, "--dbpath", str(home)),
            *("--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"),
            *("--wiredTigerCacheSizeGB", "0.5"),  # its own default is half of the machine
            # statistics for the maker's support, every second and for nobody here
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ),
        ready=lambda: ensure_primary(port),
        ports=(port,),
        environment=tools.mongod_environment,
        stop_s=30,
    )


def _s3(layout: Layout, tools: Tools, credentials: Credentials) -> Program:
    port = layout.port("s3")
    home = layout.data / "s3"
    access, secret = credentials.s3_access_key, credentials.s3_secret_key
    (home / BUCKET).mkdir(parents=True, exist_ok=True)
    return Program(
        name="s3",
        command=(
            *(str(tools.rclone), "serve", "s3", str(home), "--addr", f"127.0.0.1:{port}"),
            *("--config", ""),  # not the person's own
        ),
        # not --auth-key: every user of the machine can read a command line; a list, hence quotes
        environment={"RCLONE_AUTH_KEY": f'"{access},{secret}"'},
        ready=http(port),
        ports=(port,),
    )


def _mail(layout: Layout) -> Program:
    port = layout.port("smtp")
    layout.mail.mkdir(parents=True, exist_ok=True)
    return Program(
        name="mail",
        command=(
            *(sys.executable, "-m", "deploy.local.mail"),
            *("--port", str(port), str(layout.mail)),
        ),
        ready=greeting(port, b"220 "),
        ports=(port,),
    )
