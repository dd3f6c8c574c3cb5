"""Statements that a connection plans once: for the few whose planning costs more than their work."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from django.db import connection


class PreparedStatement:
    """A SELECT, prepared on each connection at its first use there.

    `parameters` maps the names in `sql` (`%(name)s`) to their PostgreSQL types. Prepared statements belong to a session: behind a
    pooler, pool sessions, not transactions.
    """

    def __init__(self, name: str, sql: str, parameters: Mapping[str, str]) -> None:
        marks = {parameter: f"${number}" for number, parameter in enumerate(parameters, 1)}
        self._prepare = f"PREPARE {name} ({', '.join(parameters.values())}) AS {sql % marks}"
        self._execute = f"EXECUTE {name} ({', '.join(f'%({parameter})s' for parameter in parameters)})"
        self._ready: WeakSet[Any] = WeakSet()

    def rows(self, values: Mapping[str, Any], *, after: str = "") -> list[tuple[Any, ...]]:
        """The rows for `values`. `after`: statements that run before it in the same round trip, e.g. locks; they share `values`."""
        with connection.cursor() as cursor:
            session = connection.connection
            if session not in self._ready:
                # On the bare session: preparing is no query of the caller's.
                with session.cursor() as bare:
                    bare.execute(self._prepare)
                self._ready.add(session)
            cursor.execute(after + self._execute, values)
            return cursor.fetchall()
