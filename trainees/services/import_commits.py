"""Taking a checked file over into the register, all or nothing, and undoing it as long as nothing depends on it."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import psycopg2
from django.conf import settings
from django.db import IntegrityError, connection
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, Stale, WrongState
from partyschool.common.sheets import SheetReader
from partyschool.jobs.models import Job
from partyschool.jobs.services.progress import Progress
from trainees.enums import ImportPart, ImportState
from trainees.models import Cadre, CadreImport, ImportContent, Posting
from trainees.rules.imports.comparison import POSTING_FIELDS, ChangedCadre, NewCadre, Plan
from trainees.rules.imports.preview import fingerprint, preview_text
from trainees.rules.imports.rows import Table
from trainees.selectors.imports import MENTIONED, content_of, paths_inside, people_inside, units_named
from trainees.services.imports import (
    LIMITS,
    FileGone,
    finishing,
    locked_import,
    plan_import,
    read_people,
    start_import_job,
    state_facts,
    uploaded,
    visible_import,
)

IMPORT_LOCK = 0x1B07
CHUNK = 1000
NAMED_MOST = 5


class NotCommittable(WrongState):
    """Only a checked file without faults is taken over, once."""

    code = "import_not_ready"
    title = gettext_lazy("This file cannot be taken over now")


class AnotherFile(InvalidInput):
    """Other bytes than those that were checked."""

    code = "import_other_file"
    title = gettext_lazy("This is not the file that was checked")
    remedy = gettext_lazy("Check the file as it is now, look at what it would do, then take it over.")


class RegisterChanged(Stale):
    """The register is not what it was when the file was checked."""

    code = "import_stale"
    title = gettext_lazy("The register has changed since the check")
    remedy = gettext_lazy("Check the file again and look at what it would do now.")


class NotUndoable(WrongState):
    """Only an import that was taken over, and whose people and records are as it left them, is undone."""

    code = "import_in_use"
    title = gettext_lazy("This import can no longer be undone")
    remedy = gettext_lazy("Correct single records in the register.")


# -- committing


def start_commit(*, import_id: int, sha256: str, by: User, now: datetime | None = None) -> Job:
    """Start the job that takes a checked file over. `sha256` is that of the file whose preview was looked at.

    Raises `NotFound`, `NotCommittable`, `AnotherFile`.
    """
    found = visible_import(import_id, by)
    _require_ready(found, sha256)
    return start_import_job("import_commit", found, by=by, now=now)


def commit_import(
    *,
    import_id: int,
    sha256: str = "",
    by: User,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> CadreImport:
    """Write what the check promised into the register, in one transaction; returns the import.

    `sha256`, where given, must be that of the checked bytes. Safe to run any number of times: what was taken over stays so.
    Raises `NotFound`, `NotCommittable`, `AnotherFile`, `FileGone`, `RegisterChanged` (nothing is changed then), `Busy`.
    Concurrency: the file is read without locks; then (job ·) the import's row, imports alone (advisory), the units in question (key
    share), the cadres in question by pk. The comparison is made anew behind these locks.
    """
    now = now or clock.now()
    found = visible_import(import_id, by)
    if found.state == ImportState.COMMITTED and progress is not None:
        return found
    _require_ready(found, sha256 or found.sha256)
    with SheetReader(uploaded(found), LIMITS) as reader:
        table = read_people(reader, progress, now=now)
    if progress:
        progress.report(80, 100, _("Writing to the register"))
    try:
        with finishing(progress):
            found = locked_import(import_id, by)
            _require_ready(found, found.sha256)
            inside = paths_inside(found, by)
            _lock_register(table, inside)
            plan = plan_import(found, table, people_inside(inside), by=by, now=now)
            if fingerprint(preview_text(plan, table)) != found.preview_sha256:
                raise RegisterChanged
            _write(found, plan, by=by, now=now)
            found.state, found.committed_by, found.committed_at = ImportState.COMMITTED, by, now
            found.save(update_fields=["state", "committed_by", "committed_at"])
            _drop(found, ImportPart.UPLOAD, ImportPart.MARKED)
            counts = {"new": len(plan.new), "changed": len(plan.changed), "unchanged": plan.unchanged}
            record_event(
                action="cadreimport.commit",
                subject=found,
                by=by,
                data={"sha256": found.sha256, "preview": found.preview_sha256, **counts},
                now=now,
            )
            # Now, not at the end of the transaction: a rule that was broken by a rival is told as what it is.
            _check_rules()
    except IntegrityError as error:
        raise RegisterChanged from error
    return found


def _require_ready(found: CadreImport, sha256: str) -> None:
    if found.state != ImportState.READY:
        raise NotCommittable(state_facts(found))
    if sha256 != found.sha256:
        raise AnotherFile


def _lock_register(table: Table, inside: list[str]) -> None:
    """Whoever is mentioned stands still, and so do the units they will be in; imports come one after the other."""
    mentioned: dict[str, Any] = {"codes": list(table.codes), "digests": list(table.digests)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        cursor.execute(
            "SELECT id FROM accounts_unit WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE",
            [[unit.pk for unit in units_named(table, inside).values()]],
        )
        cursor.execute(
            f"SELECT id FROM trainees_cadre WHERE id IN ({MENTIONED}) ORDER BY id FOR NO KEY UPDATE",  # noqa: S608 -- a statement of the house
            mentioned,
        )


def _check_rules() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _write(found: CadreImport, plan: Plan, *, by: User, now: datetime) -> None:
    new = [_cadre(one) for one in plan.new]
    Cadre.objects.bulk_create(new, batch_size=CHUNK)
    for start in range(0, len(plan.changed), CHUNK):
        _update([_changed_values(one) for one in plan.changed[start : start + CHUNK]])
    moved = [
        one.before.pk
        for one in plan.changed
        if any(name in one.changes for name in (*POSTING_FIELDS, "posted_on"))
    ]
    new_keys = [cadre.pk for cadre in new]
    _note_postings([*new_keys, *moved], found, by=by, now=now)
    changed_keys = [one.before.pk for one in plan.changed]
    undo = {
        "new": _snapshots(new_keys),
        "changed": _snapshots(changed_keys),
        "before": [_values_before(one) for one in plan.changed],
    }
    ImportContent.sealed(import_id=found.pk, part=ImportPart.UNDO, content=json.dumps(undo).encode()).save()


def _cadre(one: NewCadre) -> Cadre:
    row = one.row
    cadre = Cadre(
        code=row.code, name=row.name, unit_id=one.unit, rank=row.rank, category=row.category, post=row.post or "",
        posted_on=one.posted_on, term_until=row.term_until, joined_on=one.joined_on, left_on=row.left_on,
    )  # fmt: skip
    if row.citizen_no:
        cadre.set_citizen_no(row.citizen_no)
    return cadre


class _Values(NamedTuple):
    """The columns of a cadre that an import writes. `keeps_number`: the three of the citizen number stay as they are."""

    pk: int
    name: str
    unit: int
    rank: str
    category: str
    post: str
    posted_on: str
    term_until: str | None
    joined_on: str
    left_on: str | None
    keeps_number: bool
    token: Any
    digest: str | None
    masked: str


def _values_before(one: ChangedCadre) -> _Values:
    """What an undo writes back. Only numbers that were not there are ever set, so to take one back is to empty it."""
    before = one.before
    return _Values(
        before.pk, before.name, before.unit, before.rank, before.category, before.post, _iso(before.posted_on) or "",
        _iso(before.term_until), _iso(before.joined_on) or "", _iso(before.left_on), "citizen_no" not in one.changes, None, None, "",
    )  # fmt: skip


def _changed_values(one: ChangedCadre) -> _Values:
    values = _values_before(one)
    new = {name: _iso(value[1]) for name, value in one.changes.items() if name != "citizen_no"}
    values = values._replace(**new)
    if "citizen_no" in one.changes:
        cadre = Cadre(code=one.before.code)
        cadre.set_citizen_no(one.row.citizen_no)
        values = values._replace(
            token=psycopg2.Binary(cadre.citizen_no_token),
            digest=cadre.citizen_no_digest,
            masked=cadre.citizen_no_masked,
        )
    return values


def _iso(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


UPDATE = """
UPDATE trainees_cadre c
   SET name = v.name, unit_id = v.unit, rank = v.rank, category = v.category, post = v.post, posted_on = v.posted_on,
       term_until = v.term_until, joined_on = v.joined_on, left_on = v.left_on,
       citizen_no_token = CASE WHEN v.keeps THEN c.citizen_no_token ELSE v.token END,
       citizen_no_digest = CASE WHEN v.keeps THEN c.citizen_no_digest ELSE v.digest END,
       citizen_no_masked = CASE WHEN v.keeps THEN c.citizen_no_masked ELSE v.masked END
  FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::date[], %s::date[], %s::date[],
              %s::date[], %s::boolean[], %s::bytea[], %s::text[], %s::text[])
       AS v(id, name, unit, rank, category, post, posted_on, term_until, joined_on, left_on, keeps, token, digest, masked)
 WHERE c.id = v.id
"""


def _update(values: Sequence[_Values]) -> None:
    """Write the columns of many cadres by one statement. The triggers keep the history of postings."""
    if values:
        with connection.cursor() as cursor:
            cursor.execute(UPDATE, [list(column) for column in zip(*values, strict=True)])


def _note_postings(keys: list[int], found: CadreImport, *, by: User, now: datetime) -> None:
    """Who began these postings, and from which file."""
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("Import of “%(file)s”") % {"file": found.name}
    longest = Posting._meta.get_field("reason").max_length
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE trainees_posting p SET reason = %s, noted_by_id = %s, noted_at = %s FROM trainees_cadre c
                WHERE c.id = ANY (%s) AND p.cadre_id = c.id AND p.starts_on = c.posted_on""",
            [reason[:longest], by.pk, now, keys],
        )


SNAPSHOT = """
SELECT id, code, name, unit_id, rank, category, post, posted_on::text, term_until::text, joined_on::text, left_on::text,
       citizen_no_digest, user_id FROM trainees_cadre WHERE id = ANY (%s) ORDER BY id
"""


def _snapshots(keys: list[int]) -> list[list[Any]]:
    """What the records say now, as JSON keeps it."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT, [keys])
        return [list(row) for row in cursor.fetchall()]


def _drop(found: CadreImport, *parts: str) -> None:
    ImportContent.objects.filter(cadre_import=found, part__in=parts).unscoped("not needed any more").delete()


# -- undoing


def start_undo(*, import_id: int, by: User, now: datetime | None = None) -> Job:
    """Start the job that undoes an import. Raises `NotFound`, `NotUndoable`."""
    found = visible_import(import_id, by)
    _undo_content(found)
    return start_import_job("import_undo", found, by=by, now=now)


def undo_import(
    *, import_id: int, by: User, progress: Progress | None = None, now: datetime | None = None
) -> CadreImport:
    """Take an import back: people it brought are removed, records it changed get their old values and postings back; all or nothing.

    Possible while every record is as the import left it and nothing refers to the new people. Safe to run any number of times.
    Raises `NotFound`, `NotUndoable` with what is in the way, `Busy`.
    Concurrency: (job ·) the import's row, imports alone (advisory), the cadres by pk, FOR UPDATE: whoever enrols one waits, and one of
    the two finds what the other did.
    """
    now = now or clock.now()
    found = visible_import(import_id, by)
    if found.state == ImportState.UNDONE and progress is not None:
        return found
    kept = _undo_content(found)
    if progress:
        progress.report(50, 100, _("Taking the import back"))
    new_keys, changed_keys = ([row[0] for row in kept[part]] for part in ("new", "changed"))
    try:
        with finishing(progress):
            found = locked_import(import_id, by)
            if found.state != ImportState.COMMITTED:
                raise NotUndoable(state_facts(found))
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
                lock = "SELECT id FROM trainees_cadre WHERE id = ANY (%s) ORDER BY id FOR UPDATE"
                cursor.execute(lock, [new_keys + changed_keys])
            _require_untouched(kept["new"], _snapshots(new_keys))
            _require_untouched(kept["changed"], _snapshots(changed_keys))
            _require_unused(new_keys)
            for start in range(0, len(kept["before"]), CHUNK):
                _update([_Values(*values) for values in kept["before"][start : start + CHUNK]])
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM trainees_cadre WHERE id = ANY (%s)", [new_keys])
            found.state, found.undone_by, found.undone_at = ImportState.UNDONE, by, now
            found.save(update_fields=["state", "undone_by", "undone_at"])
            _drop(found, ImportPart.UNDO)
            data = {"removed": len(new_keys), "put_back": len(changed_keys)}
            record_event(action="cadreimport.undo", subject=found, by=by, data=data, now=now)
            _check_rules()
    except IntegrityError as error:
        raise NotUndoable(_("Other records refer to people of this import.")) from error
    return found


def _undo_content(found: CadreImport) -> dict[str, list[Any]]:
    if found.state != ImportState.COMMITTED:
        raise NotUndoable(state_facts(found))
    content = content_of(found, ImportPart.UNDO)
    if content is None:
        raise FileGone(_("The time in which it could be undone is over."), remedy=NotUndoable.remedy)
    kept: dict[str, list[Any]] = json.loads(content)
    return kept


def _require_untouched(left: list[list[Any]], now: list[list[Any]]) -> None:
    """The records are as the import left them."""
    present = {row[0]: row for row in now}
    touched = [row[1] for row in left if present.get(row[0]) != row]
    if touched:
        raise NotUndoable(
            ngettext(
                "%(number)s record was changed since: %(codes)s.",
                "%(number)s records were changed since: %(codes)s.",
                len(touched),
            )
            % {"number": len(touched), "codes": _some(touched)}
        )


def _require_unused(keys: list[int]) -> None:
    """Nothing refers to the new people but their own history of postings."""
    used: dict[str, int] = {}
    for relation in Cadre._meta.related_objects:
        model = relation.related_model
        if model is Posting:
            continue
        number = model._base_manager.filter(**{f"{relation.field.name}__in": keys}).count()
        if number:
            name = str(model._meta.verbose_name)
            used[name] = used.get(name, 0) + number
    if used:
        told = _(", ").join(f"{name} {number}" for name, number in sorted(used.items()))
        raise NotUndoable(_("Other records refer to people of this import: %(records)s.") % {"records": told})


def _some(codes: list[str]) -> str:
    listed = partial(str.join, _(", "))
    return listed(codes[:NAMED_MOST]) + (" …" if len(codes) > NAMED_MOST else "")
