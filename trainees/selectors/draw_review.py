"""A draw as staff review it: the mechanisms side by side, who came away empty, what more seats would bring."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from courses.enums import Mechanism
from courses.models import Offering, SelectionRound
from partyschool.jobs.models import Job
from trainees.models import Cadre, DrawOutcome, DrawPublication, Ranking, SealedDraw
from trainees.rules.drawing import parse_outcome


@dataclass(frozen=True)
class Column:
    """One mechanism: its figures (`trainees.rules.drawing.Measures.plain`), or None where the solver could not carry the draw."""

    mechanism: Mechanism
    announced: bool
    published: bool
    outcome: DrawOutcome | None

    @property
    def figures(self) -> dict[str, Any] | None:
        return self.outcome.measures if self.outcome else None


@dataclass(frozen=True)
class TopicRow:
    """One topic: what it has (`seats` to draw, `wanted`, `first`), and per mechanism what becomes of it, in the order of the columns."""

    offering: Offering
    wanted: int
    first: int
    parts: list[dict[str, Any] | None]

    @property
    def seats(self) -> int:
        return next(part["given"] + part["left"] for part in self.parts if part)


@dataclass(frozen=True)
class DemandRow:
    """What one more seat of a topic would bring; `refused` wanted it and found no seat."""

    offering: Offering
    facts: dict[str, Any]


@dataclass(frozen=True)
class DrawReview:
    """Everything that a choice between the mechanisms stands on. `swap`: the exchange of rooms that helps most, or None."""

    found: SelectionRound
    sealed: SealedDraw | None
    publication: DrawPublication | None
    job: Job | None
    people: int
    columns: list[Column]
    topics: list[TopicRow]
    demand: list[DemandRow]
    swap: tuple[Offering, Offering, dict[str, Any]] | None

    @property
    def drawn(self) -> bool:
        return any(column.outcome for column in self.columns)


def review_of(found: SelectionRound) -> DrawReview:
    """The state of a draw for staff. Six queries, however many people; the texts are not loaded."""
    outcomes = {one.mechanism: one for one in DrawOutcome.objects.filter(selection_round=found).defer("text")}
    publication = DrawPublication.objects.select_related("published_by").filter(selection_round=found).first()
    columns = [
        Column(
            mechanism,
            mechanism == found.mechanism,
            publication is not None
            and outcomes.get(mechanism) is not None
            and publication.outcome_id == outcomes[mechanism].pk,
            outcomes.get(mechanism),
        )
        for mechanism in Mechanism
    ]
    offerings = Offering.objects.filter(selection_round=found).order_by("code", "pk").in_bulk()
    demand = next((one.measures["demand"] for one in outcomes.values() if "demand" in one.measures), None)
    rankings = Ranking.objects.filter(selection_round=found).unscoped("how many people ranked")
    jobs = Job.objects.filter(kind="draw", key=str(found.pk)).unscoped("the draw's own job")
    return DrawReview(
        found=found,
        sealed=SealedDraw.objects.defer("text").filter(selection_round=found).first(),
        publication=publication,
        job=jobs.order_by("-created_at").first(),
        people=rankings.exclude(offerings=[]).count(),
        columns=columns,
        topics=_topics(offerings, columns),
        demand=[DemandRow(offerings[row["topic"]], row) for row in demand["topics"]] if demand else [],
        swap=(
            (offerings[swap["small"]], offerings[swap["large"]], swap["gain"])
            if demand and (swap := demand["swap"])
            else None
        ),
    )


def _topics(offerings: dict[int, Offering], columns: list[Column]) -> list[TopicRow]:
    parts = [
        {row["topic"]: row for row in column.figures["topics"]} if column.figures else None
        for column in columns
    ]
    known = next((part for part in parts if part), {})
    return [
        TopicRow(
            offerings[pk],
            row["wanted"],
            row["first"],
            [part[pk] if part else None for part in parts],
        )
        for pk, row in known.items()
    ]


def came_away_empty(found: SelectionRound, mechanism: str, reader: Any) -> QuerySet[Cadre]:
    """The cadres, of those whom `reader` may see, who ranked something and would be given nothing; empty before the draw."""
    outcome = DrawOutcome.objects.filter(selection_round=found, mechanism=mechanism).first()
    if outcome is None:
        return Cadre.objects.none()
    tickets = [one.ticket for one in parse_outcome(outcome.text).places if not one.got]
    rankings = Ranking.objects.visible_to(reader).filter(selection_round=found, ticket__in=tickets)
    ids = rankings.exclude(offerings=[]).values("cadre")
    return (
        Cadre.objects.visible_to(reader)
        .filter(pk__in=ids)
        .select_related("unit")
        .order_by("unit__path", "name", "pk")
    )
