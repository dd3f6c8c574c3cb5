"""Locks, and what to say when one is not to be had. The doctrine is docs/locking.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, models, transaction

from .errors import Busy

LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
Row = TypeVar("Row", bound=models.Model)


def sqlstate(error: DatabaseError) -> str:
    """The five-letter PostgreSQL code behind a Django database error, or ''."""
    return getattr(error.__cause__, "pgcode", None) or ""


def violated_constraint(error: IntegrityError) -> str:
    """The name of the constraint or trigger rule behind an IntegrityError, or ''."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


@contextmanager
def locking_transaction() -> Iterator[None]:
    """A durable transaction for lock, re-read, check, write.

    Raises `Busy` when a lock is not to be had within `lock_timeout`, or this side lost a deadlock; nothing is changed then.
    """
    try:
        with transaction.atomic(durable=True):
            yield
    except OperationalError as error:
        if sqlstate(error) in {LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED}:
            raise Busy from error
        raise


def lock_row(model: type[Row], pk: object) -> Row:
    """The row `pk` of `model`, locked against other writers and freshly read (rows that refer to it may still be added).

    Raises `model.DoesNotExist`. Concurrency: takes FOR NO KEY UPDATE; call it inside `locking_transaction()`.
    """
    return model._base_manager.select_for_update(no_key=True, of=("self",)).get(pk=pk)
