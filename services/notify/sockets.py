"""The WebSocket's connection with a bound of our own, for `--ws services.notify.sockets:Socket`."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from shared.server import Taken


class Socket(Taken, WebSocketsSansIOProtocol):
    """A WebSocket whose client takes what is sent, or it is cut off."""
