"""Statements that a connection plans once: for the few whose planning costs more than their work."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from django.db import connection


class PreparedStatement:
    """A statement, prepared on each connection at its first use there.

    `parameters` maps the names in `sql` (`%(name)s`) to their PostgreSQL types. Prepared statements belong to a session: behind a
    pooler, pool sessions, not transactions.
    """

    def __init__(self, name: str, sql: str, parameters: Mapping[str, str]) -> None:
        marks = {parameter: f"${number}" for number, parameter in enumerate(parameters, 1)}
        self._prepare = f"PREPARE {name} ({', '.join(parameters.values())}) AS {sql % marks}"
        self.call = f"EXECUTE {name} ({', '.join(f'%({parameter})s' for parameter in parameters)})"
        self._sessions: WeakSet[Any] = WeakSet()

    def make_ready(self) -> None:
        """Prepare the statement on this thread's connection, unless it is."""
        session = connection.connection
        if session not in self._sessions:
            # On the bare session: preparing is no query of the caller's.
            with connection.wrap_database_errors, session.cursor() as cursor:
                cursor.execute(self._prepare)
            self._sessions.add(session)


def run_prepared(
    *statements: PreparedStatement, values: Mapping[str, Any], first: str = ""
) -> list[tuple[Any, ...]]:
    """Run the statements in order, in one round trip, and return the rows of the last; `first` is plain SQL to run before them.

    Each statement of a READ COMMITTED transaction has a snapshot of its own, so one that follows a lock reads what the lock waited for.
    """
    with connection.cursor() as cursor:
        for statement in statements:
            statement.make_ready()
        cursor.execute(first + ";".join(statement.call for statement in statements), values)
        return cursor.fetchall()
