"""What copying a round left for people to do."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from courses.models import Lesson, Offering, Room, SelectionRound
from faculty.models import Teacher
from partyschool.audit.models import AuditEvent
from partyschool.audit.rules import subject_of
from partyschool.common import clock


class CopyNote(NamedTuple):
    """One thing that the copy could not take along as it was, and the topic that it is about."""

    text: str
    topic: Offering


def copied_from(found: SelectionRound) -> tuple[SelectionRound, list[CopyNote]] | None:
    """The round of which `found` is a copy, with the notes that the copy made; None for a round of its own. At most six queries."""
    events = AuditEvent.objects.filter(action="round.copy", subject=subject_of(found))
    event = events.unscoped("whoever sees the round may know what its copy left out").order_by("pk").first()
    if event is None:
        return None
    notes = event.data["notes"]
    topics = Offering.objects.in_bulk([note["topic"] for note in notes])
    keys = {note[name] for note in notes for name in ("lesson", "other") if name in note}
    lessons = Lesson.objects.select_related("offering").in_bulk(keys)
    rooms = Room.objects.in_bulk({note["room_id"] for note in notes if "room_id" in note})
    teachers = Teacher.objects.in_bulk({note["teacher_id"] for note in notes if "teacher_id" in note})
    said = []
    for note in notes:
        things = {"room": rooms.get(note.get("room_id")), "teacher": teachers.get(note.get("teacher_id"))}
        said.append(CopyNote(_words(note, topics, lessons, things), topics[note["topic"]]))
    return SelectionRound.objects.get(pk=event.data["source"]), said


def _words(
    note: dict[str, Any], topics: dict[int, Offering], lessons: dict[int, Lesson], things: dict[str, Any]
) -> str:
    facts: dict[str, Any] = {"title": topics[note["topic"]].title, **things}
    if lesson := lessons.get(note.get("lesson", 0)):
        span = clock.span_in_words(lesson.starts_at, lesson.ends_at)
        facts |= {"lesson": lesson.title, "span": span}
    if other := lessons.get(note.get("other", 0)):
        facts |= {"other": other.title, "offering": other.offering.title}
    return {
        "topic_cancelled": _("“%(title)s” was cancelled last time. Leave it out if it is not to be held."),
        "lesson_cancelled": _(
            "“%(title)s”: the lesson “%(lesson)s” (%(span)s) was cancelled last time and is left out."
        ),
        "room_taken": _(
            "“%(title)s”, %(span)s: %(room)s is taken then by “%(other)s” of “%(offering)s”. Choose another room."
        ),
        "teacher_busy": _(
            "“%(title)s”, %(span)s: %(teacher)s teaches “%(other)s” of “%(offering)s” then. Choose another teacher or time."
        ),
    }[note["code"]] % facts
