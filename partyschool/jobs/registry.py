"""Which function does the work of which kind of job.

A kind is registered in its app's `tasks.py`, which every worker imports:

    @job_kind("trainees.report")
    def make_report(job: Job, progress: Progress) -> None: ...

The function may be tried several times, so whatever it leaves behind is written inside `progress.finishing()`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from partyschool.jobs.models import Job
    from partyschool.jobs.services.progress import Progress

    Handler = Callable[[Job, Progress], None]
    H = TypeVar("H", bound=Handler)

_handlers: dict[str, "Handler"] = {}


class UnknownKind(LookupError):
    """No function is registered for this kind in this process."""


def job_kind(name: str) -> "Callable[[H], H]":
    """Register the decorated function as the handler of jobs of kind `name`. Raises `ValueError` if another one has it."""

    def register(handler: "H") -> "H":
        known = _handlers.setdefault(name, handler)
        if known is not handler:
            raise ValueError(f"job kind {name!r} already belongs to {known.__module__}.{known.__qualname__}")
        return handler

    return register


def handler_of(kind: str) -> "Handler":
    """The handler of `kind`. Raises `UnknownKind`."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(kind) from None
