"""Handing in a file of cadres and checking it: nothing of the register is touched, everything that would happen is told.

hand in → check (by a job, or by the command) → look → commit (`import_commits`) → perhaps undo. Only bytes that were checked are
committed, and only if they would still do what the check promised.
"""

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import Unit, User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.crypto import Undecryptable
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.filenames import safe_filename
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.common.sheets import Limits, SheetReader, UnreadableFile, check_size
from partyschool.jobs.models import Job
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from trainees.enums import ImportPart, ImportState
from trainees.exporters.import_copy import build_marked_copy
from trainees.models import CadreImport, ImportContent
from trainees.rules.imports.comparison import Plan, compare
from trainees.rules.imports.preview import fingerprint, preview_text
from trainees.rules.imports.rows import Table, read_table
from trainees.selectors.imports import People, paths_inside, people_inside, read_register

LIMITS = Limits()
RIGHT = "trainees.add_cadreimport"
CHECKABLE = (ImportState.FAULTY, ImportState.READY)


class NotToBeChecked(WrongState):
    """Only what has not been taken over yet is checked again."""

    code = "import_over"
    title = gettext_lazy("This file cannot be checked again")
    remedy = gettext_lazy("Hand the file in once more.")


class FileGone(WrongState):
    """The bytes of an import were cleared away, or do not open any more."""

    code = "import_gone"
    title = gettext_lazy("The file is no longer kept")
    remedy = gettext_lazy("Hand the file in once more.")


def hand_in_file(
    *,
    name: str,
    content: bytes,
    unit_id: int | None,
    effective_on: date,
    by: User,
    now: datetime | None = None,
) -> CadreImport:
    """Keep a file (encrypted) to be checked. `unit_id` names the part of the register it is for, None all that `by` sees.

    Raises `PermissionDenied`, `NotFound` (unit), `InvalidInput` (a day in the future), `FileTooLarge`, `UnreadableFile` (empty).
    """
    now = now or clock.now()
    if not by.has_perm(RIGHT):
        raise PermissionDenied
    check_size(content, LIMITS)
    unit = None if unit_id is None else Unit.objects.visible_to(by).filter(pk=unit_id).first()
    if unit_id is not None and unit is None:
        raise NotFound(_("There is no such unit within your scope."))
    if effective_on > clock.school_date(now):
        raise InvalidInput(_("An import takes effect today or on an earlier day."))
    stem, _dot, extension = name.rpartition(".")
    with locking_transaction():
        found = CadreImport.objects.create(
            unit=unit,
            effective_on=effective_on,
            name=safe_filename(
                stem or name, extension.lower() if extension.lower() in {"xlsx", "xls", "csv"} else "bin"
            )[-150:],
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            created_by=by,
            created_at=now,
        )
        ImportContent.sealed(import_id=found.pk, part=ImportPart.UPLOAD, content=content).save()
        record_event(
            action="cadreimport.hand_in",
            subject=found,
            by=by,
            data={"sha256": found.sha256, "unit": unit_id},
            now=now,
        )
    return found


def start_check(*, import_id: int, by: User, now: datetime | None = None) -> Job:
    """Start the job that checks an import: the first time, or again after the register or the units changed.

    Raises `NotFound`, `NotToBeChecked`, `Busy`. Concurrency: locks the import's row.
    """
    with locking_transaction():
        found = locked_import(import_id, by)
        if found.state in CHECKABLE:
            found.state = ImportState.CHECKING
            found.save(update_fields=["state"])
        if found.state != ImportState.CHECKING:
            raise NotToBeChecked(state_facts(found))
        return start_import_job("import_check", found, by=by, now=now)


def check_import(
    *, import_id: int, by: User, progress: Progress | None = None, now: datetime | None = None
) -> CadreImport:
    """Read the file, find every fault, compare it with the register, and keep what was found; nothing of the register is changed.

    Safe to run any number of times. Raises what `Progress` raises, `NotFound`, `FileGone`.
    Concurrency: nothing is locked while the file is read; then (job ·) the import's row.
    """
    now = now or clock.now()
    found = visible_import(import_id, by)
    if found.state != ImportState.CHECKING:
        return found
    upload = uploaded(found)
    refusal, table, plan, text, marked = "", Table(), Plan(), b"", b""
    try:
        with cycles_ignored(), SheetReader(upload, LIMITS) as reader:
            people = people_inside(paths_inside(found, by))  # while the other process opens the file
            table = read_people(reader, progress, now=now)
            plan = plan_import(found, table, people, by=by, now=now)
            text = preview_text(plan, table)
        if plan.faults:
            _tell(progress, _("Marking the faults in a copy of the file"))
            with translation.override(settings.LANGUAGE_CODE):
                marked = build_marked_copy(upload, plan.faults, created=now)
    except UnreadableFile as error:
        with translation.override(settings.LANGUAGE_CODE):
            refusal = f"{error.title}: {error.facts}" if error.facts else str(error.title)
    with finishing(progress):
        found = locked_import(import_id, by)
        if found.state != ImportState.CHECKING:
            return found
        _keep(found, {ImportPart.PREVIEW: text, ImportPart.MARKED: marked})
        found.state = (
            ImportState.UNREADABLE if refusal else ImportState.FAULTY if plan.faults else ImportState.READY
        )
        found.refusal = refusal[:300]
        found.preview_sha256 = fingerprint(text) if text else ""
        found.rows, found.faults = table.read, len(plan.faults)
        found.new, found.changed = len(plan.new), len(plan.changed)
        found.unchanged, found.absent = plan.unchanged, len(plan.absent)
        found.checked_at = now
        found.save()
        counts = {
            name: getattr(found, name) for name in ("rows", "new", "changed", "unchanged", "absent", "faults")
        }
        record_event(
            action="cadreimport.check", subject=found, by=by, data={"state": found.state, **counts}, now=now
        )
    return found


# -- what committing and undoing share with checking


def visible_import(import_id: int, by: User) -> CadreImport:
    """The import if `by` may see it. Raises `NotFound`."""
    found = CadreImport.objects.visible_to(by).select_related("unit").filter(pk=import_id).first()
    if found is None:
        raise NotFound(_("There is no such import within your scope."))
    return found


def locked_import(import_id: int, by: User) -> CadreImport:
    """The import's row, locked and freshly read. Raises `NotFound`, `PermissionDenied`."""
    visible_import(import_id, by)
    if not by.has_perm(RIGHT):
        raise PermissionDenied
    return lock_row(CadreImport, import_id)


def uploaded(found: CadreImport) -> bytes:
    """The very bytes that were handed in. Raises `FileGone`."""
    row = (
        ImportContent.objects.filter(cadre_import=found, part=ImportPart.UPLOAD)
        .unscoped("read in scope")
        .first()
    )
    if row is None:
        raise FileGone
    try:
        content = row.opened()
    except Undecryptable as error:
        raise FileGone from error
    if hashlib.sha256(content).hexdigest() != found.sha256:
        raise FileGone
    return content


def read_people(reader: SheetReader, progress: Progress | None, *, now: datetime) -> Table:
    """The rows of the file, with the progress of reading. Raises `UnreadableFile`."""
    message = _("Reading the rows")

    def tell(done: int, of: int) -> None:
        if progress:
            # Reading takes the greater part; comparing and writing come behind it.
            progress.report(min(done, of) * 70, max(of, 1) * 100, message)

    return read_table(reader.sheets(), today=clock.school_date(now), tell=tell)


def plan_import(found: CadreImport, table: Table, people: People, *, by: User, now: datetime) -> Plan:
    """What the file would do to the register; `people` are those of the register inside its part, as they are now."""
    today = clock.school_date(now)
    register = read_register(table, people, inside=paths_inside(found, by), today=today)
    return compare(table, register, effective_on=found.effective_on, today=today)


@contextmanager
def cycles_ignored() -> Iterator[None]:
    """The rows of a file are many objects that all live to the end and have no cycles: looking for some takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # Whatever is alive counts as old from here on: nobody looks through the rows for the sake of the next few objects.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def finishing(progress: Progress | None) -> AbstractContextManager[None]:
    """The transaction in which results are written: the job's own end, or one of the command."""
    return progress.finishing() if progress else locking_transaction()


def start_import_job(kind: str, found: CadreImport, *, by: User, now: datetime | None) -> Job:
    """Start a job of an import; its key is the import."""
    titles: dict[str, Callable[[], str]] = {
        "import_check": lambda: _("Check of “%(file)s”"),
        "import_commit": lambda: _("Taking over “%(file)s”"),
        "import_undo": lambda: _("Undoing “%(file)s”"),
    }
    with translation.override(settings.LANGUAGE_CODE):
        title = titles[kind]() % {"file": found.name}
    return start_job(
        kind=kind, key=str(found.pk), title=title[:120], params={"import": found.pk}, by=by, now=now
    )


def state_facts(found: CadreImport) -> str:
    """The state of an import as a sentence."""
    return _("The import is in state “%(state)s”.") % {"state": found.get_state_display()}


def _tell(progress: Progress | None, message: str) -> None:
    if progress:
        progress.report(80, 100, message)


def _keep(found: CadreImport, parts: dict[str, bytes]) -> None:
    """Put what was found in the place of what an earlier check found."""
    kept = ImportContent.objects.filter(cadre_import=found, part__in=list(parts))
    kept.unscoped("a new check replaces the old one").delete()
    for part, content in parts.items():
        if content:
            ImportContent.sealed(import_id=found.pk, part=part, content=content).save()
