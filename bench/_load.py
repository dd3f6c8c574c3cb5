"""Fills a benchmark's database with a province: units, cadres and their credits, by set-based SQL, in seconds instead of hours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from partyschool.accounts.enums import Role, UnitKind
from tests.factories.accounts import make_unit, make_user
from tests.factories.trainees import make_scheme

CADRES = """
INSERT INTO trainees_cadre (code, name, unit_id, rank, category, post, citizen_no_masked, joined_on, posted_on)
SELECT 'B' || n, chr(19968 + abs(hashint4(n)) %% 400) || chr(20200 + abs(hashint4(n + 7)) %% 3000),
       (%(units)s::bigint[])[1 + n %% cardinality(%(units)s::bigint[])],
       (ARRAY['county_division', 'township_section', 'staff'])[1 + n %% 3], 'civil_servant', '', '', '2020-01-01', '2020-01-01'
  FROM generate_series(1, %(cadres)s) n
"""
POSTINGS = """
INSERT INTO trainees_posting (cadre_id, unit_id, rank, post, category, starts_on, reason, noted_at)
SELECT id, unit_id, rank, post, category, joined_on, '', now() FROM trainees_cadre WHERE NOT EXISTS (SELECT FROM trainees_posting)
"""
OFFERINGS = """
INSERT INTO courses_offering (code, kind, title, summary, year, signboard, state, starts_on, ends_on, series, least,
                               roll_by, off_job, away)
SELECT 'B' || n, 'elective', '专题' || n, '', %(year)s, 'party_school', 'planned', make_date(%(year)s, 1, 1), make_date(%(year)s, 1, 1),
       '', 0, 'lesson', false, false
  FROM generate_series(1, %(entries)s * 100) n RETURNING id
"""
# Half-days of 4 credits, more of them concentrated than online, in the order in which a year brings them.
ENTRIES = """
INSERT INTO trainees_creditentry (year, amount, hours, source_kind, source_ref, note, posted_by_id, posted_at, cadre_id,
                                  category, earned_on, scheme_id, offering_id)
SELECT %(year)s - n %% %(years)s, 4 * (1 + abs(dice) %% 3), 4 * (1 + abs(dice) %% 3), 'enrolment', cadre.id || ':' || n, '', %(by)s, now(),
       cadre.id, (ARRAY['concentrated', 'concentrated', 'elective', 'elective', 'online', 'other'])[1 + abs(dice / 8) %% 6],
       make_date(%(year)s - n %% %(years)s, 1, 1) + (n * 365 / (%(entries)s + 1))::int, %(scheme)s,
       (%(offerings)s::bigint[])[1 + (n * 100 + cadre.id) %% cardinality(%(offerings)s::bigint[])]
  FROM generate_series(1, %(entries)s) n, trainees_cadre cadre, hashint8(n * 1000003::bigint + cadre.id) dice
 ORDER BY n, cadre.id
"""


INDEXES = """
SELECT indexdef, format('DROP INDEX %%I', relname)
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_indexes ON indexname = relname AND schemaname = 'public'
 WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@contextmanager
def in_bulk(*tables: str) -> Iterator[Any]:
    """A cursor whose rows pass no trigger and no foreign key, while the indexes of `tables` are down; puts all back.

    Needs a superuser, which the embedded server's owner is.
    """
    with connection.cursor() as cursor:
        made = []
        for table in tables:
            cursor.execute(INDEXES, [table])
            made += cursor.fetchall()
        for _make, drop in made:
            cursor.execute(drop)
        cursor.execute("SET session_replication_role = replica")
        yield cursor
        cursor.execute("RESET session_replication_role")
        for make, _drop in made:
            cursor.execute(make)


def analyze() -> None:
    """Statistics and visibility as autovacuum would leave them."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def make_tree(departments: int, units: int) -> tuple[list[Any], list[Any]]:
    """A city of organisation departments with `units` units dealt out to them; returns (departments, units)."""
    city = make_unit()
    above = [make_unit(city, kind=UnitKind.ORG_DEPARTMENT) for _each in range(departments)]
    return above, [make_unit(above[number % departments]) for number in range(units)]


def load_province(
    *,
    year: int,
    cadres: int,
    entries: int,
    units: list[Any],
    years: int = 1,
    grown: bool = False,
    change: Any = None,
) -> dict[str, Any]:
    """Cadres spread over `units` and `entries` credit entries for each, posted by a member of staff under a scheme in force, dealt
    out to the `years` up to `year`. `grown`: the indexes grow with the rows, as they do in a real year, instead of being built at the end.
    `change` is called with the scheme while it is a draft.

    Returns what the statements were given, and `user`, the poster.
    """
    user, scheme = make_user(Role.STAFF), make_scheme(year, change=change)
    values = {
        "year": year,
        "years": years,
        "cadres": cadres,
        "entries": entries,
        "units": [unit.pk for unit in units],
        "by": user.pk,
        "scheme": scheme.pk,
    }
    with in_bulk(*(() if grown else ("trainees_cadre", "trainees_creditentry"))) as cursor:
        cursor.execute(OFFERINGS, values)
        values["offerings"] = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(CADRES, values)
        cursor.execute(POSTINGS)
        cursor.execute(ENTRIES, values)
    return values | {"user": user}
