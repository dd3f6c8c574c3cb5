"""What should be looked at before a round opens. Nothing here forbids anything: staff decides."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.enums import OfferingState, RoundMode, RoundState
from courses.models import Lesson, Offering, SelectionRound
from partyschool.common import clock


class RoundWarning(NamedTuple):
    """One sentence, and the page on which it can be mended ('' for the round's own)."""

    text: str
    address: str = ""


Adviser = Callable[[SelectionRound], list[str]]
_advisers: list[Adviser] = []


def advises_on_rounds(adviser: Adviser) -> Adviser:
    """Register who else has something to say about a round: floors above know figures that this one does not."""
    _advisers.append(adviser)
    return adviser


def round_warnings(found: SelectionRound, *, fits: int) -> list[RoundWarning]:
    """What is doubtful about the round, to which `fits` cadres are admitted. Four queries, and those of the advisers."""
    topics = list(
        found.offerings.exclude(state=OfferingState.CANCELLED)
        .select_related("seats")
        .annotate(lesson_count=Count("lessons", filter=Q(lessons__cancelled_at=None)))
        .order_by("starts_on", "pk")
    )
    said = [*_about_round(found, topics, fits)]
    for topic in topics:
        said += [RoundWarning(text, _offering_page(topic.pk)) for text in _about_topic(topic)]
    said += _about_lessons(found)
    said += _about_overlaps(found)
    said += [RoundWarning(text) for adviser in _advisers for text in adviser(found)]
    return said


def _offering_page(offering_id: int) -> str:
    return reverse("admin:courses_offering_change", args=[offering_id])


def _about_round(found: SelectionRound, topics: Sequence[Offering], fits: int) -> list[RoundWarning]:
    said = []
    if not topics:
        said.append(_("The round has no topics."))
    if not fits:
        said.append(_("The round is open to nobody on the register."))
    seats = sum(topic.seats.capacity for topic in topics if hasattr(topic, "seats"))
    wanted = fits * found.min_picks
    if seats < wanted:
        said.append(
            _("There are %(seats)s seats; %(people)s cadres with %(picks)s picks each need %(wanted)s.")
            % {"seats": seats, "people": fits, "picks": found.min_picks, "wanted": wanted}
        )
    if topics and found.max_picks > len(topics):
        said.append(
            ngettext(
                "Each cadre may pick %(most)s topics, and there is %(topics)s.",
                "Each cadre may pick %(most)s topics, and there are %(topics)s.",
                len(topics),
            )
            % {"most": found.max_picks, "topics": len(topics)}
        )
    if found.mode == RoundMode.DRAW and found.change_closes_at is None:
        said.append(_("No change window is set: after the draw nobody could change a place."))
    if found.state == RoundState.DRAFT and found.opens_at <= clock.now():
        said.append(_("The opening time is past: the round would be open as soon as it is opened."))
    return [RoundWarning(text) for text in said]


def _about_topic(topic: Offering) -> list[str]:
    said = []
    title = {"title": topic.title}
    seats = getattr(topic, "seats", None)
    capacity, reserved = (seats.capacity, seats.reserved) if seats else (0, 0)
    if topic.state == OfferingState.PLANNED:
        said.append(_("“%(title)s” is not published: nobody would see it.") % title)
    if not topic.lesson_count:  # type: ignore[attr-defined]  # annotated above
        said.append(_("“%(title)s” has no lessons: clashes cannot be seen.") % title)
    if not capacity:
        said.append(_("“%(title)s” has no seats.") % title)
    elif reserved >= capacity:
        said.append(_("All seats of “%(title)s” are reserved: nobody else finds one.") % title)
    if topic.least > capacity > 0:
        said.append(
            _("“%(title)s” has %(seats)s seats, and is held from %(least)s people on.")
            % {**title, "seats": capacity, "least": topic.least}
        )
    if topic.starts_on.year != topic.year:
        said.append(
            _("“%(title)s” belongs to %(year)s and starts on %(date)s.")
            % {**title, "year": topic.year, "date": topic.starts_on.isoformat()}
        )
    return said


def _about_lessons(found: SelectionRound) -> list[RoundWarning]:
    lessons = (
        Lesson.objects.filter(offering__selection_round=found, cancelled_at=None)
        .exclude(offering__state=OfferingState.CANCELLED)
        .filter(
            Q(room=None)
            | Q(teacher=None)
            | Q(teacher__left_on__isnull=False)
            | Q(room__seats__lt=F("offering__seats__capacity"))
        )
        .select_related("offering__seats", "room", "teacher")
        .order_by("starts_at", "pk")
    )
    said = []
    for lesson in lessons:
        page = _offering_page(lesson.offering_id)
        facts = {"title": lesson.offering.title, "lesson": lesson.title}
        if lesson.room is None:
            said.append(RoundWarning(_("“%(title)s”: the lesson “%(lesson)s” has no room.") % facts, page))
        elif lesson.room.seats < lesson.offering.seats.capacity:
            facts |= {"room": lesson.room.name, "places": str(lesson.room.seats)}
            facts |= {"seats": str(lesson.offering.seats.capacity)}
            words = _("“%(title)s” has %(seats)s seats; the room of “%(lesson)s”, %(room)s, has %(places)s.")
            said.append(RoundWarning(words % facts, page))
        teacher = lesson.teacher
        if teacher is None:
            said.append(RoundWarning(_("“%(title)s”: the lesson “%(lesson)s” has no teacher.") % facts, page))
        elif teacher.left_on and teacher.left_on <= clock.school_date(lesson.starts_at):
            words = _("“%(title)s”: the teacher of “%(lesson)s”, %(teacher)s, will have left by then.")
            said.append(RoundWarning(words % {**facts, "teacher": teacher.name}, page))
    return said


def _about_overlaps(found: SelectionRound) -> list[RoundWarning]:
    """Pairs of topics of which nobody can have both, each once, with the first time at which they meet."""
    lessons = list(
        Lesson.objects.filter(offering__selection_round=found, cancelled_at=None)
        .exclude(offering__state=OfferingState.CANCELLED)
        .select_related("offering")
        .order_by("starts_at", "pk")
    )
    said: dict[frozenset[int], RoundWarning] = {}
    going: list[Lesson] = []
    for lesson in lessons:
        going = [other for other in going if other.ends_at > lesson.starts_at]
        for other in going:
            pair = frozenset({other.offering_id, lesson.offering_id})
            if len(pair) == 2 and pair not in said:
                span = clock.span_in_words(lesson.starts_at, min(lesson.ends_at, other.ends_at))
                words = _("“%(one)s” and “%(other)s” overlap: %(span)s.")
                facts = {"one": other.offering.title, "other": lesson.offering.title, "span": span}
                said[pair] = RoundWarning(words % facts, _offering_page(lesson.offering_id))
        going.append(lesson)
    return list(said.values())
