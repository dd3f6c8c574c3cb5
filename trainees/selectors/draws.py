"""A draw in public, under review, and as one cadre's result."""

from dataclasses import dataclass
from typing import Any

from courses.enums import Mechanism, RoundMode, RoundState
from courses.models import Offering, SelectionRound
from trainees.models import DrawOutcome, DrawPlace, DrawPublication, Ranking, SealedDraw

from .draw_words import HOW, reason_text


@dataclass(frozen=True)
class AnnouncedDraw:
    """What anybody may know of a draw. `sealed` and `publication` are None until they exist; their texts are not loaded."""

    found: SelectionRound
    sealed: SealedDraw | None
    publication: DrawPublication | None

    @property
    def how(self) -> Any:
        """How the places are given (until the result: will be), in words."""
        return HOW[self.publication.outcome.mechanism if self.publication else self.found.mechanism]

    @property
    def other_mechanism(self) -> bool:
        """Whether another mechanism than the announced one was published."""
        return self.publication is not None and self.publication.outcome.mechanism != self.found.mechanism


def announced_draw(round_id: int) -> AnnouncedDraw | None:
    """The public side of a draw, or None for a round that is none or not announced yet. Three queries."""
    rounds = SelectionRound.objects.filter(mode=RoundMode.DRAW).exclude(state=RoundState.DRAFT)
    found = rounds.filter(pk=round_id).first()
    if found is None:
        return None
    return AnnouncedDraw(
        found,
        SealedDraw.objects.defer("text").filter(selection_round=found).first(),
        DrawPublication.objects.select_related("outcome")
        .defer("outcome__text")
        .filter(selection_round=found)
        .first(),
    )


def published_text(round_id: int, part: str) -> str | None:
    """The text of the sealed rankings or of the published outcome, or None while the result is not published."""
    publication = DrawPublication.objects.filter(selection_round=round_id).first()
    if publication is None:
        return None
    if part == "sealed":
        return SealedDraw.objects.get(selection_round=round_id).text
    return DrawOutcome.objects.get(pk=publication.outcome_id).text


@dataclass(frozen=True)
class WishResult:
    """One wish and what came of it, in words. `number` is its place in the ranking, None for a topic that was not ranked."""

    number: int | None
    offering: Offering
    obtained: bool
    why: str


@dataclass(frozen=True)
class OwnResult:
    """A cadre's result of a published draw. `people` is how many took part."""

    found: SelectionRound
    publication: DrawPublication
    ranking: Ranking
    place: DrawPlace
    wishes: list[WishResult]
    people: int

    @property
    def got(self) -> list[WishResult]:
        return [wish for wish in self.wishes if wish.obtained]

    @property
    def mechanism(self) -> Any:
        return Mechanism(self.publication.outcome.mechanism).label

    @property
    def how(self) -> Any:
        return HOW[self.publication.outcome.mechanism]


def own_result(user: Any, round_id: int) -> OwnResult | None:
    """What the draw gave `user`'s own cadre and why, or None without a result. Five queries."""
    place = (
        DrawPlace.objects.visible_to(user)
        .select_related("selection_round")
        .filter(cadre__user=user.pk, selection_round=round_id)
        .first()
    )
    if place is None:
        return None
    ranking = Ranking.objects.visible_to(user).get(cadre=place.cadre_id, selection_round=round_id)
    publication = DrawPublication.objects.select_related("outcome").defer("outcome__text").get(pk=round_id)
    offerings = Offering.objects.filter(selection_round=round_id).in_bulk()
    numbers = {pk: number for number, pk in enumerate(ranking.offerings, 1)}
    titles = {pk: one.title for pk, one in offerings.items()}
    # What was left out when the places were given comes last and takes the place of what the draw had said.
    told = {reason["topic"]: reason for reason in place.reasons}
    wishes = [
        WishResult(numbers.get(pk), offerings[pk], pk in place.got, reason_text(reason, titles))
        for pk, reason in told.items()
    ]
    people = DrawPlace.objects.filter(selection_round=round_id).unscoped("how many took part").count()
    return OwnResult(place.selection_round, publication, ranking, place, wishes, people)


def own_places(user: Any) -> list[DrawPlace]:
    """The draws that `user`'s own cadre took part in, newest first. One query."""
    places = DrawPlace.objects.visible_to(user).filter(cadre__user=user.pk).select_related("selection_round")
    return list(places.order_by("-selection_round__closes_at", "-pk")[:10])
