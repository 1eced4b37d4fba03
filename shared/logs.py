"""Logs: one JSON line per message or request on standard error; never personal data."""

import logging
import sys
from typing import Any

import orjson
import structlog


def configure(service: str, *, level: int = logging.INFO) -> None:
    """Make every line a JSON object with time, level, service and event name."""

    def name_service(_logger: Any, _method: str, line: Any) -> Any:
        line["service"] = service
        return line

    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            name_service,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
    )
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # warns of each hostile body
    _join_uvicorn()
    logging.basicConfig(level=logging.WARNING, handlers=[_Bridge()], force=True)


def _join_uvicorn() -> None:
    """Leave uvicorn its warnings, in our form; below them it names who opens a WebSocket, and why.

    Who: the client's address. Why: path and query, which may hold a code and anything else.
    """
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers.clear()  # where it was started without shared/prefork.py
    uvicorn.propagate = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class _Bridge(logging.Handler):
    """Libraries' warnings, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().warning(
            "library", logger=record.name, message=record.getMessage(), error=error
        )
