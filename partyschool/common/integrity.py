"""What must be true of the stored data, app by app, told as one line per fault.

Each app registers its rules in `<app>/data_checks.py`; `manage.py check_data` runs them all. The database holds most of these
rules by constraints and triggers already: a fault here means that somebody went round them, or that a disk did.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction
from django.utils.module_loading import autodiscover_modules

Check = Callable[[], Iterator[str]]

_checks: dict[str, Check] = {}


def data_check(name: str) -> Callable[[Check], Check]:
    """Register a generator of fault lines under `name` (dotted: app.rule), unique in the house."""

    def register(check: Check) -> Check:
        if name in _checks:
            raise ValueError(f"two data checks are named {name}")
        _checks[name] = check
        return check

    return register


def all_checks() -> dict[str, Check]:
    """Every registered check by name, in alphabetical order."""
    autodiscover_modules("data_checks")
    return dict(sorted(_checks.items()))


def faults_of(check: Check) -> Iterator[str]:
    """The fault lines of one check, read from one consistent state of the database, which it cannot change."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from check()


def rows(sql: str, params: Any = None) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, fetched a thousand at a time: a check must not fill the memory when everything is broken."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while chunk := cursor.fetchmany(1000):
            yield from chunk
