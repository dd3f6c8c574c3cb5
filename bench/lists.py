"""What a page of a list costs at depth, and what the first page of an admin list reads, over 2 million rows each.

A province of 100,000 cadres in 50 organisation departments: 2 million credit entries, yearly assessments (20 years), enrolments and
audit events. Every page goes through the product's own queryset and `keyset_page`, count label included; OFFSET at the same depth is
shown for contrast. Page 1,000 (or the deepest there is) may cost twice page 1. An admin list is asked for through its URL; it may
read 20,000 rows and index entries, wherever the table ends. The pages of the credit report are timed whole, for one organisation
department and for the whole school.
"""

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import _ground

CALLS = 5
MOST_READ = 20_000
YEAR = 2025
REPORTS = (
    f"?year={YEAR}",
    f"cadres/?year={YEAR}",
    f"cadres/?year={YEAR}&category=civil_servant&status=serving&columns=post&columns=category&columns=status",
    f"cadres/?year={YEAR}&name=nobody",
    "years/",
)

# All rows agree with each other by construction; checking each reference would take longer than everything else.
ASSESSMENTS = """
INSERT INTO trainees_yearlyassessment (year, cadre_id, unit_id, jurisdiction_id, rank, scheme_id, earned, counted, needed, figures,
                                       reasons, result, grade, bars_excellent, sealed, superseded, correction_reason, closed_at, closed_by_id)
SELECT %(year)s - n, a.cadre_id, a.unit_id, a.jurisdiction_id, a.rank, a.scheme_id, a.earned, a.counted, a.needed, a.figures, a.reasons,
       a.result, a.grade, a.bars_excellent, false, false, '', a.closed_at - make_interval(years => n), a.closed_by_id
  FROM generate_series(1, %(entries)s - 1) n, trainees_yearlyassessment a
 ORDER BY n DESC, a.id
"""
ENROLMENTS = """
INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)
SELECT cadre.id, (%(offerings)s::bigint[])[1 + (n * 100 + cadre.id) %% cardinality(%(offerings)s::bigint[])], 'enrolled', 'selection',
       now(), %(by)s, ''
  FROM generate_series(1, %(entries)s) n, trainees_cadre cadre
"""
EVENTS = """
INSERT INTO audit_auditevent (at, actor_id, action, subject, data)
SELECT now(), %(by)s, 'enrolment.select', 'trainees.enrolment:' || n, '{"seat": 1}' FROM generate_series(1, %(cadres)s * %(entries)s) n
"""


def load(options: Any) -> dict[str, Any]:
    """The province, one year of it closed and checked by the product itself, the other tables filled to the same length."""
    from django.core.management import call_command

    from bench._load import analyze, in_bulk, load_province, make_tree
    from trainees.services.years import close_year

    departments, units = make_tree(options.departments, options.departments * 10)
    values = load_province(year=YEAR, cadres=options.cadres, entries=options.entries, units=units, years=5)
    analyze()
    close_year(year=YEAR, by=values["user"])
    checked = _ground.timed(lambda: call_command("check_data"))
    print(f"check_data over {options.cadres * options.entries:,} credit entries: {checked:.1f} s", flush=True)
    given = {key: value for key, value in values.items() if key != "user"}
    with in_bulk("trainees_yearlyassessment", "trainees_enrolment", "audit_auditevent") as cursor:
        for statement in (ASSESSMENTS, ENROLMENTS, EVENTS):
            cursor.execute(statement, given)
    analyze()
    return values | {"departments": departments}


def scopes(values: dict[str, Any]) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """The lists as their pages build them: name → (rows, keyset order)."""
    from partyschool.accounts.enums import Role
    from tests.factories.accounts import make_user
    from trainees.models import CreditEntry
    from trainees.selectors.credit_report import ORDERS, ReportQuery, report_rows

    staff, department = values["user"], make_user(Role.ORGDEPT, unit=values["departments"][0])
    ledger = CreditEntry.objects.visible_to(staff).select_related("cadre__unit", "offering")
    lists = {"credit entries, newest first, whole school": (ledger, ("-year", "-earned_on", "-id"))}
    for who, reader in (("one department", department), ("whole school", staff)):
        rows = report_rows(reader, ReportQuery(), year=YEAR)
        for order, columns in ORDERS.items():
            lists[f"results by {order}, {who}"] = (rows, columns)
    return lists


def deepest(page_of: Callable[..., Any], most: int) -> tuple[int, str]:
    """Walk as a reader would, page by page; returns (page number, its cursor) of page `most` or the last full one."""
    number, cursor, page = 1, "", page_of()
    while number < most and page.next_cursor:
        following = page_of(after=page.next_cursor)
        if len(following) < 50:
            break
        number, cursor, page = number + 1, page.next_cursor, following
    return number, cursor


def measure_lists(values: dict[str, Any], options: Any, verdict: _ground.Verdict) -> None:
    from partyschool.common.paging import keyset_page

    for name, (rows, order) in scopes(values).items():
        page_of = partial(keyset_page, rows, order=order)
        number, cursor = deepest(page_of, options.page)
        assert number > 1, f"{name}: one page only"
        skipped = 50 * (number - 1)
        same = rows.order_by(*order)[skipped : skipped + 50]
        assert [row.pk for row in page_of(after=cursor)] == [row.pk for row in same]
        works = {
            "first": partial(page_of),
            "deep": partial(page_of, after=cursor),
            "offset": lambda rows=rows, order=order, skipped=skipped: list(
                rows.order_by(*order)[skipped : skipped + 50]
            ),
        }
        taken = _ground.in_turn(
            {key: partial(repeat, work) for key, work in works.items()}, rounds=options.rounds
        )
        first, deep, offset = (1000 * statistics.median(taken[key]) / CALLS for key in works)
        print(f"{name}: page 1 {first:.1f} ms, page {number:,} {deep:.1f} ms, by OFFSET {offset:.1f} ms")
        verdict.tell(f"{name}: page {number:,} / 1", _ground.ratio_of(taken["deep"], taken["first"]), most=2)


def repeat(work: Callable[[], object]) -> None:
    for _call in range(CALLS):
        work()


def measure_admin(values: dict[str, Any], options: Any, verdict: _ground.Verdict) -> None:
    from django.db import connection, transaction
    from django.test import Client
    from django.test.utils import setup_test_environment

    from partyschool.accounts.enums import Role
    from tests.factories.accounts import make_user

    setup_test_environment()  # lets a client see what a page shows
    user = values["user"]
    lists = {
        "trainees/creditentry": user,
        f"trainees/creditentry/?year={YEAR - 4}": user,
        "trainees/yearlyassessment": user,
        f"trainees/yearlyassessment/?year={YEAR - 4}": user,
        "trainees/enrolment": user,
        "audit/auditevent": make_user(Role.AUDITOR),
    }
    for path, reader in lists.items():
        client = Client(HTTP_HOST="localhost")
        client.force_login(reader)
        address, _mark, query = path.partition("/?")
        get = partial(client.get, f"/admin/{address}/?{query}")
        answer = get()
        assert answer.status_code == 200, (path, answer.status_code)
        shown = len(answer.context["cl"].result_list)
        assert shown == 50, f"{path}: {shown} rows on the page"
        with transaction.atomic(), connection.cursor() as cursor:
            # Parallel workers keep their own books.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            get()
            cursor.execute(
                "SELECT sum(pg_stat_get_xact_tuples_returned(oid)) FROM pg_class WHERE relkind IN ('r', 'i', 'p')"
            )
            read = int(cursor.fetchone()[0])
        taken = [_ground.timed(get) for _round in range(options.rounds)]
        print(f"admin/{path}: {1000 * statistics.median(taken):.0f} ms for the whole page")
        verdict.tell(f"admin/{path}: rows read", read, most=MOST_READ)


def measure_reports(values: dict[str, Any], options: Any) -> None:
    """The pages of one organisation department and of the whole school, whole, as a browser asks for them."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from partyschool.accounts.enums import Role
    from tests.factories.accounts import make_user
    from trainees.models import AssessmentYear

    for year in range(YEAR - 2, YEAR + 1):
        seal_in_bulk(year, values["user"])
    assert AssessmentYear.objects.filter(state="sealed").count() == 3
    department = make_user(Role.ORGDEPT, unit=values["departments"][0])
    for who, reader in (("one department", department), ("whole school", values["user"])):
        client = Client(HTTP_HOST="localhost")
        client.force_login(reader)
        for path in REPORTS:
            get = partial(client.get, f"/organisation/{path}")
            with CaptureQueriesContext(connection):
                assert get().status_code == 200, path
                asked = list(connection.queries)  # of this request alone: the log begins anew with each
            slowest = max(float(query["time"]) for query in asked)
            taken = [_ground.timed(get) for _round in range(options.rounds)]
            print(
                f"/organisation/{path}, {who}: {1000 * statistics.median(taken):.0f} ms for the whole page, "
                f"{len(asked)} queries, the slowest {1000 * slowest:.0f} ms",
                flush=True,
            )


def seal_in_bulk(year: int, by: Any) -> None:
    """A year of the province sealed as it stands."""
    from partyschool.common import clock
    from trainees.models import AssessmentYear, YearlyAssessment

    at = clock.now()
    held, _made = AssessmentYear.objects.get_or_create(year=year)
    YearlyAssessment.versions.filter(year=year).unscoped("the bench's own province").update(sealed=True)
    for state, fields in (
        ("objection", {"objections_until": at, "opened_at": at, "opened_by": by}),
        ("sealed", {"sealed_at": at, "sealed_by": by}),
    ):
        AssessmentYear.objects.filter(pk=held.pk).update(state=state, **fields)


def main() -> None:
    parser = _ground.parser(__doc__)
    parser.add_argument("--cadres", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=20, help="of each cadre")
    parser.add_argument("--departments", type=int, default=50)
    parser.add_argument("--page", type=int, default=1000, help="the deep page")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.quick:
        options.cadres, options.entries, options.departments, options.page, options.rounds = 300, 6, 2, 5, 1
    _ground.begin(quick=options.quick)
    verdict = _ground.Verdict(quick=options.quick)
    with _ground.database():
        values: dict[str, Any] = {}
        print(f"loaded in {_ground.timed(lambda: values.update(load(options))):.0f} s", flush=True)
        measure_lists(values, options, verdict)
        measure_reports(values, options)
        measure_admin(values, options, verdict)
    verdict.leave()


if __name__ == "__main__":
    main()
