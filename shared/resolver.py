"""Resolves names that others gave us, in bounds: one that never answers must not stop the rest."""

import asyncio
import socket
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

Name = tuple[str, int]  # a host and a port


@dataclass(eq=False)
class _Question:
    """What the system is asked; `waiting` counts who wants to know."""

    name: Name
    waiting: int = 1
    answer: Future[list[Any]] = field(default_factory=Future[list[Any]])

    def __post_init__(self) -> None:
        self.answer.set_running_or_notify_cancel()  # who leaves cancels it for nobody else


class Resolver:
    """Asks the system in threads of its own, since those of the loop are for names of ours.

    Where a name's servers never answer, its thread is held until the system gives up, long after
    us. So a name holds one thread at most, and one that waits for a thread is dropped with the last
    who wants it. The threads are daemons: a process that ends waits for no name.

    Args:
        threads: Names that are asked at once.
        queue: Names that wait for a thread; the next one is refused.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._idle = threads
        self._most = queue
        self._lock = Lock()
        self._asked: dict[Name, _Question] = {}  # those that wait, and those being asked
        self._queue: dict[Name, _Question] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host as the system resolves it.

        Raises:
            OSError: it has none, or too many names wait.
        """
        question = self._join((host, port))
        try:
            found = await asyncio.wrap_future(question.answer)
        finally:
            self._leave(question)
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    def _join(self, name: Name) -> _Question:
        with self._lock:
            if question := self._asked.get(name):
                question.waiting += 1
                return question
            if not self._idle and len(self._queue) >= self._most:
                raise OSError("too many names wait to be resolved")
            question = self._asked[name] = self._queue[name] = _Question(name)
            if self._idle:
                self._idle -= 1
                Thread(target=self._ask, name="names", daemon=True).start()
            return question

    def _leave(self, question: _Question) -> None:
        with self._lock:
            question.waiting -= 1
            if not question.waiting and self._queue.get(question.name) is question:
                del self._queue[question.name], self._asked[question.name]

    def _ask(self) -> None:
        """Answer what waits, the longest first, until nothing does."""
        while question := self._next():
            host, port = question.name
            found: list[Any] = []
            failure: Exception | None = None
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is for who asked
                failure = error
            with self._lock:
                del self._asked[question.name]  # who asks from now on asks anew
            if failure:
                question.answer.set_exception(failure)
            else:
                question.answer.set_result(found)

    def _next(self) -> _Question | None:
        with self._lock:
            for name in self._queue:
                return self._queue.pop(name)
            self._idle += 1
            return None
