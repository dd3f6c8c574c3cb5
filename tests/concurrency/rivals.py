"""Competitors with a database connection each."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connections

from partyschool.common.errors import DomainError

CONNECTIONS = 16


def compete(calls: Sequence[Callable[[], Any]], *, at_once: int = CONNECTIONS) -> list[Any]:
    """Run all calls in `at_once` threads that start together; returns what each returned, or the DomainError it raised."""
    outcomes: list[Any] = [None] * len(calls)
    queue: SimpleQueue[int] = SimpleQueue()
    for number in range(len(calls)):
        queue.put(number)
    start = threading.Barrier(min(at_once, len(calls)))
    faults: list[BaseException] = []

    def run() -> None:
        try:
            connections["default"].ensure_connection()
            start.wait(30)
            while True:
                number = queue.get_nowait()
                try:
                    outcomes[number] = calls[number]()
                except DomainError as refusal:
                    outcomes[number] = refusal
        except Empty:
            pass
        except BaseException as fault:  # noqa: BLE001 -- handed to the test
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _each in range(min(at_once, len(calls)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if faults:
        raise faults[0]
    return outcomes


class Gate:
    """Holds those who come until `parties` of them are there, or `patience` seconds are over: makes a race certain, or shows a lock."""

    def __init__(self, parties: int, patience: float = 1.0) -> None:
        self._barrier = threading.Barrier(parties)
        self._patience = patience

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, followed by waiting at the gate."""

        def behind(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            with suppress(threading.BrokenBarrierError):
                self._barrier.wait(self._patience)
            return result

        return behind
