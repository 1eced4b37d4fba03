"""A replica set of one member: what change streams and majority writes need.

Speaks the few commands for it over one socket (OP_MSG of the MongoDB wire protocol), because a
driver would start threads, and the supervisor forks.
"""

import asyncio
import struct
from typing import Any

import bson

NAME = "rs0"

_HEADER = struct.Struct("<iiii")  # length, request id, response to, operation
_OP_MSG = 2013
_TIMEOUT_S = 5.0


async def command(port: int, document: dict[str, Any]) -> dict[str, Any]:
    """Send one command to the mongod on this port and return its answer, an error included.

    Raises:
        OSError, TimeoutError, asyncio.IncompleteReadError: nobody answers.
    """
    # four bytes of flags and a section of kind 0, which holds one document
    body = b"\0" * 5 + bson.encode({**document, "$db": "admin"})
    async with asyncio.timeout(_TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(_HEADER.pack(_HEADER.size + len(body), 1, 0, _OP_MSG) + body)
            length = _HEADER.unpack(await reader.readexactly(_HEADER.size))[0]
            answer = await reader.readexactly(length - _HEADER.size)
        finally:
            writer.close()
    return bson.decode(answer[5:])


async def ensure_primary(port: int) -> bool:
    """Bring the mongod on this port one step nearer to primary; True when it is.

    A new one is initiated; one whose port has moved since is told its new address.
    """
    try:
        if (await command(port, {"hello": 1})).get("isWritablePrimary"):
            return True
        config = await command(port, {"replSetGetConfig": 1})
        member = {"_id": 0, "host": f"127.0.0.1:{port}"}
        if config.get("codeName") == "NotYetInitialized":
            await command(port, {"replSetInitiate": {"_id": NAME, "members": [member]}})
        elif config.get("ok") and config["config"]["members"][0]["host"] != member["host"]:
            moved = {**config["config"], "version": config["config"]["version"] + 1}
            moved["members"] = [{**moved["members"][0], **member}]
            await command(port, {"replSetReconfig": moved, "force": True})
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        pass
    return False
