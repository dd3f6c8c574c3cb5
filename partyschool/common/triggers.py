"""Trigger rules of the database, as migration operations.

The functions themselves are created by the migrations of `common`. They are plain SQL triggers, not switchable from a
session of the portal (docs/adr/0005-plain-sql-triggers.md), so they bind the admin, the shell and bulk statements alike.
"""

from django.db import migrations


def _trigger(table: str, rule: str, timing: str, call: str) -> migrations.RunSQL:
    name = f"{table}_{rule}_tg"
    return migrations.RunSQL(
        sql=f'CREATE TRIGGER "{name}" {timing} EXECUTE FUNCTION {call};',
        reverse_sql=f'DROP TRIGGER IF EXISTS "{name}" ON "{table}";',
    )


def append_only(table: str) -> list[migrations.RunSQL]:
    """Refuse UPDATE, DELETE and TRUNCATE on `table`."""
    return [
        _trigger(
            table,
            "append_only",
            f'BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW',
            "common_refuse_change()",
        ),
        keep_whole(table),
    ]


def keep_whole(table: str) -> migrations.RunSQL:
    """Refuse TRUNCATE on `table`."""
    return _trigger(
        table, "keep_whole", f'BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT', "common_refuse_change()"
    )


def no_delete(table: str) -> list[migrations.RunSQL]:
    """Refuse DELETE and TRUNCATE on `table`: its rows change state, they do not die."""
    return [
        _trigger(table, "no_delete", f'BEFORE DELETE ON "{table}" FOR EACH ROW', "common_refuse_change()"),
        keep_whole(table),
    ]


def only_moves(table: str, *moves: tuple[str, str], column: str = "state") -> migrations.RunSQL:
    """Refuse every change of `column` that is not one of `moves` (from, to)."""
    allowed = ", ".join(f"'{before}>{after}'" for before, after in moves)
    return _trigger(
        table,
        f"{column}_moves",
        f'BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN (OLD.{column} IS DISTINCT FROM NEW.{column})',
        f"common_check_move('{column}', {allowed})",
    )


def keep_columns(table: str, *columns: str) -> migrations.RunSQL:
    """Refuse a change of `columns`: what a row is about stays what it was made for."""
    arguments = ", ".join(f"'{column}'" for column in columns)
    return _trigger(
        table, "kept", f'BEFORE UPDATE ON "{table}" FOR EACH ROW', f"common_keep_columns({arguments})"
    )


def true_reversal(table: str, owner: str, *measures: str) -> migrations.RunSQL:
    """A ledger entry with `reverses_id` must take back an original entry of the same `owner` and year, measure by measure."""
    arguments = ", ".join(f"'{column}'" for column in (owner, *measures))
    return _trigger(
        table,
        "true_reversal",
        f'BEFORE INSERT ON "{table}" FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL)',
        f"common_check_reversal({arguments})",
    )
