"""What an import needs to know of the register, and what its pages show."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from partyschool.accounts.models import Unit, User
from partyschool.jobs.enums import LIVE_STATES
from partyschool.jobs.models import Job
from trainees.enums import CadreCategory, ImportPart, ImportState, Rank
from trainees.models import CadreImport, ImportContent
from trainees.rules.imports.cells import unit_key
from trainees.rules.imports.columns import SPECS
from trainees.rules.imports.comparison import FoundUnit, Register, Registered
from trainees.rules.imports.faults import Fault
from trainees.rules.imports.preview import NEW_FIELDS, faults_of, read_preview
from trainees.rules.imports.rows import Table

JOB_KINDS = ("import_check", "import_commit", "import_undo")
PAGE = 100

MENTIONED = """
SELECT c.id FROM trainees_cadre c JOIN unnest(%(codes)s::text[]) AS m(code) ON m.code = c.code
UNION SELECT c.id FROM trainees_cadre c JOIN unnest(%(digests)s::text[]) AS m(digest) ON m.digest = c.citizen_no_digest
"""
COLUMNS = """c.id, c.code, c.name, c.unit_id, c.rank, c.category, c.post, c.posted_on, c.term_until, c.joined_on, c.left_on,
       c.citizen_no_digest, c.citizen_no_masked"""
INSIDE = f"""
SELECT {COLUMNS}, true FROM trainees_cadre c JOIN accounts_unit u ON u.id = c.unit_id WHERE u.path LIKE ANY (%s) ORDER BY c.code
"""  # noqa: S608 -- a statement of this file
OUTSIDE = f"""
SELECT {COLUMNS}, false FROM trainees_cadre c JOIN accounts_unit u ON u.id = c.unit_id
 WHERE c.id IN ({MENTIONED}) AND NOT u.path LIKE ANY (%(inside)s)
"""  # noqa: S608 -- a statement of this file
EVERYTHING = ["%"]
EARLIER = """
SELECT p.cadre_id, max(p.starts_on) FROM trainees_posting p JOIN trainees_cadre c ON c.id = p.cadre_id
 WHERE p.cadre_id = ANY (%s) AND p.starts_on < c.posted_on GROUP BY p.cadre_id
"""


def paths_inside(found: CadreImport, by: User) -> list[str]:
    """The part of the unit tree that `found` is for, as far as `by` sees it, as patterns over paths."""
    if found.unit is not None:
        seen = by.scope.whole_school or any(found.unit.path.startswith(path) for path in by.scope.unit_paths)
        return [f"{found.unit.path}%"] if seen else []
    return EVERYTHING if by.scope.whole_school else [f"{path}%" for path in by.scope.unit_paths]


@dataclass(frozen=True)
class People:
    """Everybody of a part of the register, whoever has left included, in the order of codes."""

    by_code: dict[str, Registered]
    by_digest: dict[str, Registered]


def people_inside(inside: list[str]) -> People:
    """The people of a part of the register. Asked for before a file is known: it takes no list of codes."""
    with connection.cursor() as cursor:
        cursor.execute(INSIDE, [inside])
        found = list(map(Registered._make, cursor.fetchall()))
    return People({one.code: one for one in found}, {one.digest: one for one in found if one.digest})


def read_register(table: Table, people: People, *, inside: list[str], today: date) -> Register:
    """What the register says about everybody and every unit that `table` mentions, and who of `people` it does not mention.

    `people` are those inside; people outside are known only as such.
    """
    codes, digests = table.codes, table.digests
    by_code, by_digest = people.by_code, people.by_digest
    absent = [
        one
        for code, one in by_code.items()
        if code not in codes and one.digest not in digests and (one.left_on is None or one.left_on > today)
    ]
    with connection.cursor() as cursor:
        if inside != EVERYTHING:
            mentioned: dict[str, Any] = {"codes": list(codes), "digests": list(digests), "inside": inside}
            cursor.execute(OUTSIDE, mentioned)
            outside = list(map(Registered._make, cursor.fetchall()))
            by_code = by_code | {one.code: one for one in outside}
            by_digest = by_digest | {one.digest: one for one in outside if one.digest}
        cursor.execute(EARLIER, [_shifted(table, by_code, by_digest)])
        earlier = dict(cursor.fetchall())
    return Register(units_named(table, inside), by_code, by_digest, absent, earlier)


def _shifted(table: Table, by_code: dict[str, Registered], by_digest: dict[str, Registered]) -> list[int]:
    """The cadres whose present posting the file may let begin on another day (and who do not begin a new one by rank, category or post)."""
    found = ((row, by_code.get(row.code) or by_digest.get(row.digest)) for row in table.rows if row.posted_on)
    return [
        person.pk
        for row, person in found
        if person
        and person.posted_on != row.posted_on
        and (row.rank, row.category) == (person.rank, person.category)
        and row.post in (None, person.post)
    ]


def units_named(table: Table, inside: list[str]) -> dict[str, FoundUnit]:
    """The units inside that the table names, by code or name; a code goes before a name."""
    prefixes = tuple(pattern.removesuffix("%") for pattern in inside)
    named = {row.unit for row in table.rows}
    by_code: dict[str, FoundUnit] = {}
    by_name: dict[str, FoundUnit] = {}
    for pk, code, name, path, closed_on in Unit.objects.values_list(
        "pk", "code", "name", "path", "closed_on"
    ):
        if not path.startswith(prefixes):
            continue
        found = FoundUnit(pk, closed_on is None)
        if (key := unit_key(code)) in named:
            by_code[key] = found
        if (key := unit_key(name)) in named:
            other = by_name.get(key)
            if other is None or (found.open and not other.open):
                by_name[key] = found
            elif found.open == other.open:
                by_name[key] = FoundUnit(0, other.open)
    return by_name | by_code


# -- pages


@dataclass(frozen=True)
class Line:
    """One line of a list on an import's page. `place` is where it stands in the file."""

    place: str
    code: str
    name: str
    unit: str
    details: list[tuple[str, str, str]] = field(default_factory=list)
    """Heading, old value ('' for new people), new value."""


@dataclass(frozen=True)
class ImportView:
    """An import as its page shows it: its job while one is at it, and one page of the list that was asked for."""

    found: CadreImport
    job: Job | None
    show: str
    faults: list[Fault]
    lines: list[Line]
    total: int
    page: int
    pages: int
    remarks: list[tuple[str, list[str]]]
    parts: frozenset[str]

    @property
    def can_undo(self) -> bool:
        return self.found.state == ImportState.COMMITTED and ImportPart.UNDO in self.parts


LISTS = ("faults", "new", "changed", "absent")


def content_of(found: CadreImport, part: str) -> bytes | None:
    """The bytes of one part of an import that the caller obtained in scope, or None where they are gone."""
    row = (
        ImportContent.objects.filter(cadre_import=found, part=part)
        .unscoped("the import was read in scope")
        .first()
    )
    return row.opened() if row else None


def newest_import(*, sha256: str, by: User) -> CadreImport | None:
    """The newest import of exactly these bytes that can be or was committed, or None."""
    states = (ImportState.READY, ImportState.COMMITTED)
    imports = CadreImport.objects.visible_to(by).filter(sha256=sha256, state__in=states)
    return imports.select_related("unit").order_by("-pk").first()


def faults_in(found: CadreImport) -> list[Fault]:
    """All faults of an import, in the order of the file."""
    content = content_of(found, ImportPart.PREVIEW)
    return list(faults_of(read_preview(content))) if content else []


def view_of_import(found: CadreImport, *, show: str = "", page: int = 1) -> ImportView:
    """One page (of `PAGE` lines) of the list `show` of an import: its faults, or who is new, changed or not in the file."""
    kept = content_of(found, ImportPart.PREVIEW)
    content = read_preview(kept) if kept else {}
    if show not in LISTS:
        show = next((name for name in LISTS if content.get(name)), "faults")
    rows = content.get(show, [])
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    chosen = {**content, show: rows[(page - 1) * PAGE : page * PAGE]} if content else {}
    names = unit_names(_unit_keys(chosen, show))
    remarks = [
        (name, content[name]) for name in ("hidden", "unread_sheets", "unread_columns") if content.get(name)
    ]
    parts = ImportContent.objects.filter(cadre_import=found).unscoped("the import was read in scope")
    return ImportView(
        found=found,
        job=latest_job(found),
        show=show,
        faults=list(faults_of(chosen)) if show == "faults" and chosen else [],
        lines=list(_lines(chosen, show, names)) if show != "faults" else [],
        total=len(rows),
        page=page,
        pages=pages,
        remarks=remarks,
        parts=frozenset(parts.values_list("part", flat=True)),
    )


def latest_job(found: CadreImport) -> Job | None:
    """The job that works at an import, or failed at it last."""
    jobs = Job.objects.filter(kind__in=JOB_KINDS, key=str(found.pk)).unscoped("the import was read in scope")
    live = jobs.filter(state__in=LIVE_STATES).first()
    return live or jobs.order_by("-created_at").first()


def _unit_keys(content: dict[str, Any], show: str) -> set[int]:
    if show == "new":
        return {int(row[3]) for row in content.get("new", ())}
    if show == "changed":
        moves = (pair for row in content.get("changed", ()) for pair in row[5] if pair[0] == "unit")
        return {row[4] for row in content.get("changed", ())} | {key for pair in moves for key in pair[1:]}
    return {row[3] for row in content.get("absent", ())} if show == "absent" else set()


def unit_names(keys: set[int]) -> dict[int, str]:
    """Names of units by key."""
    return dict(Unit.objects.filter(pk__in=keys).values_list("pk", "name"))


def _lines(content: dict[str, Any], show: str, names: dict[int, str]) -> Iterator[Line]:
    if show == "new":
        for place, code, name, unit, *values in content.get("new", ()):
            told = zip(NEW_FIELDS[4:], values, strict=False)
            details = [
                (_title(field) if field in DAY_FIELDS else "", "", _worded(field, value, names))
                for field, value in told
                if value
            ]
            yield Line(place, code, name, names.get(int(unit), "?"), details)
    elif show == "changed":
        for place, _pk, code, name, unit, changes, _digest in content.get("changed", ()):
            details = [
                (_title(field), _worded(field, old, names), _worded(field, new, names))
                for field, old, new in changes
            ]
            yield Line(place, code, name, names.get(unit, "?"), details)
    else:
        for _pk, code, name, unit, post in content.get("absent", ()):
            yield Line("", code, name, names.get(unit, "?"), [("", "", post)] if post else [])


DAY_FIELDS = frozenset({"posted_on", "term_until", "joined_on", "left_on"})
"""What needs its heading beside it; a rank speaks for itself."""


def _title(field: str) -> str:
    return str(SPECS[field].title)


def _worded(field: str, value: Any, names: dict[int, str]) -> str:
    """A value as people read it."""
    match field:
        case "unit":
            return names.get(value, "?")
        case "rank":
            return str(Rank(value).label)
        case "category":
            return str(CadreCategory(value).label)
        case _:
            return str(value) if value else "–"
