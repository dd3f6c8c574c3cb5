"""The rules that hold for every app: the database still has its rules, and ledgers are true to themselves."""

import re
from collections.abc import Iterator

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunSQL

from .integrity import data_check, rows
from .ledger import LedgerEntry

_TRIGGER = re.compile(r'\b(CREATE|DROP)\s+(?:CONSTRAINT\s+)?TRIGGER\s+(?:IF\s+EXISTS\s+)?"?(\w+)')


def expected_triggers() -> set[str]:
    """The names of all triggers that the migrations leave behind."""
    loader = MigrationLoader(None)
    names: set[str] = set()
    for node in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(node):
            for operation in loader.graph.nodes[key].operations:
                for verb, name in _TRIGGER.findall(
                    str(operation.sql) if isinstance(operation, RunSQL) else ""
                ):
                    (names.add if verb == "CREATE" else names.discard)(name)
    return names


@data_check("common.triggers")
def triggers_stand() -> Iterator[str]:
    """Every trigger of the migrations exists and fires."""
    states = dict(rows("SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"))
    for name in sorted(expected_triggers()):
        if name not in states:
            yield f"trigger {name} is missing"
        elif states[name] not in {"O", "A"}:
            yield f"trigger {name} is disabled"


@data_check("common.constraints")
def constraints_stand() -> Iterator[str]:
    """Every constraint that the models name exists, and is valid for the rows stored before it."""
    sql = """SELECT conname, convalidated FROM pg_constraint
             UNION ALL SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"""
    valid = dict(rows(sql))
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name not in valid:
                yield f"constraint {constraint.name} is missing"
            elif not valid[constraint.name]:
                yield f"constraint {constraint.name} is not valid"


def _ledgers() -> list[type[LedgerEntry]]:
    return sorted(
        (model for model in apps.get_models() if issubclass(model, LedgerEntry)),
        key=lambda model: model._meta.label,
    )


@data_check("common.ledger_reversals")
def reversals_are_true() -> Iterator[str]:
    """A reversal takes back one original entry of the same owner and year, in every measure."""
    for model in _ledgers():
        table = model._meta.db_table
        measures = " OR ".join(f"r.{column} <> -o.{column}" for column in ("amount", *model.MEASURES))
        sql = f"""SELECT r.id, r.reverses_id FROM {table} r LEFT JOIN {table} o ON o.id = r.reverses_id
                  WHERE r.reverses_id IS NOT NULL AND (o.id IS NULL OR o.reverses_id IS NOT NULL
                  OR r.{model.OWNER} <> o.{model.OWNER} OR r.year <> o.year OR {measures}) ORDER BY r.id"""  # noqa: S608 -- names from models
        for pk, reverses in rows(sql):
            yield f"{model._meta.label} {pk}: is no true reversal of entry {reverses}"


@data_check("common.ledger_sources")
def sources_post_once() -> Iterator[str]:
    """One source posts once, and one entry is reversed once."""
    for model in _ledgers():
        table = model._meta.db_table
        sources = f"""SELECT source_kind, source_ref, count(*) FROM {table} WHERE reverses_id IS NULL
                      GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2"""  # noqa: S608 -- names from models
        for kind, ref, number in rows(sources):
            yield f"{model._meta.label}: source {kind} {ref} was posted {number} times"
        reversals = f"""SELECT reverses_id, count(*) FROM {table} WHERE reverses_id IS NOT NULL
                        GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"""  # noqa: S608 -- names from models
        for pk, number in rows(reversals):
            yield f"{model._meta.label} {pk}: was reversed {number} times"
