"""What is known of people who may be called to a class, and the list they are chosen from."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from courses.models import Offering
from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.paging import Page, keyset_page
from trainees.enums import LIVE_NOMINATION_STATES, ROSTER_STATES, FigureCode, NominationState
from trainees.models import Assignment, AssignmentQuota, Cadre, Enrolment, Nomination
from trainees.rules.assignments import (
    CLASS_KINDS,
    FIGURES,
    TOPIC_KINDS,
    CallClass,
    CallFacts,
    Figures,
    Finding,
    findings,
    length_warning,
)

from .figures import figure, figures_on

SHOWN = 50
ORDER = ("turn", "called_before", "calls", "name", "pk")

# One row per cadre, columns in the order of CallFacts. A call is a place in a class, or a nomination elsewhere that is not decided.
# A leave ends when the trainee reported back, where that was earlier than asked for.
_FACTS = """
SELECT c.id, c.rank, c.category, c.left_on,
       coalesce(past.calls, 0), coalesce(past.away, 0), coalesce(past.ever, 0), past.last_on,
       long_class.title, long_class.ends_on, topic.title, topic.ends_on, clash.title, clash.starts_at, clash.ends_at,
       (SELECT x.ground FROM trainees_assessmentexemption x WHERE x.cadre_id = c.id AND x.year = o.year ORDER BY x.id LIMIT 1),
       away.kind, away.state, away.starts_at, away.ends_at,
       EXISTS (SELECT FROM trainees_nomination n WHERE n.cadre_id = c.id AND n.state = 'deferred' AND NOT EXISTS (
           SELECT FROM trainees_enrolment e JOIN courses_offering p ON p.id = e.offering_id
           WHERE e.cadre_id = c.id AND e.created_at > n.decided_at AND e.state IN ('enrolled', 'completed', 'not_completed')
             AND p.kind = ANY (%(kinds)s) AND p.id <> o.id))
FROM trainees_cadre c
CROSS JOIN courses_offering o
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE p.year = o.year) AS calls, count(*) FILTER (WHERE p.year = o.year AND p.away) AS away,
           count(*) AS ever, max(p.starts_on) AS last_on
    FROM (SELECT e.offering_id FROM trainees_enrolment e
          WHERE e.cadre_id = c.id AND e.state IN ('enrolled', 'completed', 'not_completed')
          UNION
          SELECT a.offering_id FROM trainees_nomination n JOIN trainees_assignment a ON a.id = n.assignment_id
          WHERE n.cadre_id = c.id AND n.state = 'nominated') called
    JOIN courses_offering p ON p.id = called.offering_id
    WHERE p.kind = ANY (%(kinds)s) AND p.id <> o.id
) past ON true
LEFT JOIN LATERAL (
    SELECT p.title, p.ends_on FROM trainees_enrolment e JOIN courses_offering p ON p.id = e.offering_id
    WHERE e.cadre_id = c.id AND e.state IN ('enrolled', 'completed', 'not_completed') AND p.id <> o.id
      AND p.kind = ANY (%(kinds)s) AND p.ends_on - p.starts_on + 1 >= %(long_days)s
      AND p.ends_on > o.starts_on - make_interval(years => %(long_years)s)
    ORDER BY p.ends_on DESC LIMIT 1
) long_class ON true
LEFT JOIN LATERAL (
    SELECT p.title, p.ends_on FROM trainees_enrolment e JOIN courses_offering p ON p.id = e.offering_id
    WHERE o.series <> '' AND e.cadre_id = c.id AND e.state IN ('enrolled', 'completed', 'not_completed') AND p.id <> o.id
      AND p.series = o.series AND p.ends_on > o.starts_on - make_interval(years => %(topic_years)s)
    ORDER BY p.ends_on DESC LIMIT 1
) topic ON true
LEFT JOIN LATERAL (
    SELECT p.title, own.starts_at, own.ends_at
    FROM courses_lesson wanted
    JOIN courses_lesson own ON own.starts_at < wanted.ends_at AND wanted.starts_at < own.ends_at
    JOIN trainees_enrolment e ON e.offering_id = own.offering_id
    JOIN courses_offering p ON p.id = own.offering_id
    WHERE wanted.offering_id = o.id AND own.offering_id <> o.id AND wanted.cancelled_at IS NULL AND own.cancelled_at IS NULL
      AND e.cadre_id = c.id AND e.state IN ('enrolled', 'completed', 'not_completed', 'held')
    ORDER BY own.starts_at, own.id LIMIT 1
) clash ON true
LEFT JOIN LATERAL (
    SELECT l.kind, l.state, l.starts_at, least(l.ends_at, l.returned_at) AS ends_at
    FROM trainees_leaverequest l JOIN trainees_enrolment e ON e.id = l.enrolment_id
    WHERE e.cadre_id = c.id AND e.offering_id <> o.id AND l.state IN ('asked', 'approved', 'returned')
      AND l.starts_at < (o.ends_on + 1)::timestamp AT TIME ZONE %(zone)s
      AND least(l.ends_at, l.returned_at) > o.starts_on::timestamp AT TIME ZONE %(zone)s
    ORDER BY l.starts_at, l.id LIMIT 1
) away ON true
WHERE o.id = %(offering)s AND c.id = ANY (%(cadres)s)
"""


def call_facts(*, offering_id: int, cadre_ids: Collection[int], figures: Figures) -> dict[int, CallFacts]:
    """The facts of cadres whom the caller may see, by cadre. One query."""
    values: dict[str, Any] = {
        "offering": offering_id,
        "cadres": list(cadre_ids),
        "kinds": [str(kind) for kind in CLASS_KINDS],
        "long_days": int(figures[FigureCode.LONG_CLASS_DAYS]),
        "long_years": int(figures[FigureCode.LONG_CLASS_YEARS]),
        "topic_years": int(figures[FigureCode.SAME_TOPIC_YEARS]),
        "zone": timezone.get_default_timezone_name(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, values)
        return {row[0]: CallFacts(*row) for row in cursor.fetchall()}


def class_of(assignment: Assignment) -> CallClass:
    """What the rules ask of the class."""
    offering = assignment.offering
    return CallClass(
        offering.starts_on,
        offering.ends_on,
        offering.away,
        tuple(assignment.ranks),
        tuple(assignment.categories),
    )


@dataclass(frozen=True)
class Candidate:
    """Somebody who can be called, with all that speaks against it and for it."""

    cadre: Cadre
    facts: CallFacts
    findings: list[Finding]

    @property
    def against(self) -> list[Finding]:
        return [one for one in self.findings if not one.speaks_for]

    @property
    def in_favour(self) -> list[Finding]:
        return [one for one in self.findings if one.speaks_for]

    @property
    def codes(self) -> str:
        """The codes of the warnings, as the form sends back what was seen."""
        return ",".join(one.code.value for one in self.against)


def _class_places(**conditions: Any) -> Any:
    return Enrolment._base_manager.filter(
        cadre=OuterRef("pk"), offering__kind__in=CLASS_KINDS, state__in=ROSTER_STATES, **conditions
    ).order_by()


def choose_from(cadres: QuerySet[Cadre], assignment: Assignment, *, name: str = "") -> QuerySet[Cadre]:
    """Of `cadres` (read in scope) those who can be called to the class now, in the order of the list."""
    offering: Offering = assignment.offering
    live = Nomination._base_manager.filter(
        assignment=assignment, cadre=OuterRef("pk"), state__in=LIVE_NOMINATION_STATES
    )
    seated = Enrolment._base_manager.filter(offering=offering, cadre=OuterRef("pk"), state__in=ROSTER_STATES)
    put_off = Nomination._base_manager.filter(cadre=OuterRef("pk"), state=NominationState.DEFERRED).exclude(
        assignment=assignment
    )
    since = Enrolment._base_manager.filter(
        cadre=OuterRef("cadre"),
        offering__kind__in=CLASS_KINDS,
        state__in=ROSTER_STATES,
        created_at__gt=OuterRef("decided_at"),
    )
    this_year = (
        _class_places(offering__year=offering.year).values("cadre").annotate(n=Count("pk")).values("n")
    )
    found = cadres.filter(Q(left_on=None) | Q(left_on__gt=clock.school_date())).exclude(
        Exists(live) | Exists(seated)
    )
    if name:
        found = found.filter(
            Q(name__icontains=name) | Q(code__istartswith=name) | Q(unit__name__icontains=name)
        )
    return found.annotate(
        turn=Case(
            When(Exists(put_off.filter(~Exists(since))), then=Value(0)),
            default=Value(1),
            output_field=IntegerField(),
        ),
        called_before=Exists(_class_places()),
        calls=Coalesce(Subquery(this_year), 0),
    ).order_by(*ORDER)


def candidates(
    cadres: QuerySet[Cadre], assignment: Assignment, *, name: str = "", after: str = "", before: str = ""
) -> Page:
    """A page of the list that people are chosen from: those put off first, then those never or seldom called. Four queries, one of
    them counts. Raises `InvalidInput` on a damaged cursor."""
    found = choose_from(cadres, assignment, name=name).select_related("unit")
    page = keyset_page(found, order=ORDER, size=SHOWN, after=after, before=before)
    return replace(page, rows=_with_findings(page.rows, assignment))


def _with_findings(cadres: Iterable[Cadre], assignment: Assignment) -> list[Candidate]:
    cadres = list(cadres)
    figures = figures_on(*FIGURES)
    facts = call_facts(
        offering_id=assignment.offering_id, cadre_ids=[one.pk for one in cadres], figures=figures
    )
    called_to = class_of(assignment)
    return [Candidate(one, facts[one.pk], findings(facts[one.pk], called_to, figures)) for one in cadres]


def candidate(cadre: Cadre, assignment: Assignment) -> Candidate:
    """One person whom the caller may see. Two queries."""
    return _with_findings([cadre], assignment)[0]


def length_of_class(offering: Offering) -> str:
    """What is wrong with the length of a class of one topic, as a sentence; '' for nothing. One query, none for other kinds."""
    if offering.kind not in TOPIC_KINDS:
        return ""
    most = figure(FigureCode.TOPIC_CLASS_DAYS, on=offering.starts_on)
    return length_warning(offering.starts_on, offering.ends_on, most)


def cadres_of(user: Any, unit: Unit) -> QuerySet[Cadre]:
    """The cadres of a unit and below whom `user` may see."""
    return Cadre.objects.visible_to(user).filter(unit__path__startswith=unit.path)


def cadres_under(user: Any, paths: Iterable[str]) -> QuerySet[Cadre]:
    """The cadres of these subtrees whom `user` may see."""
    within = Q(pk__in=[])
    for path in paths:
        within |= Q(unit__path__startswith=path)
    return Cadre.objects.visible_to(user).filter(within)


def quota_with_class(quota_id: int) -> AssignmentQuota | None:
    """A quota with its unit, assignment and class."""
    quotas = AssignmentQuota.objects.select_related("unit", "assignment__offering")
    return quotas.filter(pk=quota_id).first()
