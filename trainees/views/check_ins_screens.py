"""The screen in the classroom: a code that changes, and how many have come."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from courses.enums import OfferingState
from courses.models import Lesson
from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from trainees.exporters.check_ins import qr_picture
from trainees.rules.check_ins import code_for, opens_at, over_at, slot_ends, slot_of, token_for
from trainees.selectors.check_ins import check_in_figures, sitting_of
from trainees.selectors.check_ins_rolls import came_to, kept_lessons


@policy(Role.STAFF, Role.TEACHER)
@require_safe
def screen(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """The page for the projector; its middle renews itself."""
    lesson = kept_lesson_or_404(request, lesson_id)
    return render(request, "trainees/check_in_screen.html", _shown(request, lesson))


@policy(Role.STAFF, Role.TEACHER)
@require_safe
def screen_code(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """The middle of the screen: the code of this moment."""
    lesson = kept_lesson_or_404(request, lesson_id)
    return render(request, "trainees/_check_in_code.html", _shown(request, lesson))


def kept_lesson_or_404(request: HttpRequest, lesson_id: int) -> Lesson:
    """The lesson, if the reader keeps its roll; whoever does not learns nothing of it."""
    lessons = kept_lessons(request.user).filter(pk=lesson_id)
    lesson = lessons.select_related("offering", "room", "teacher").first()
    if lesson is None:
        raise Http404
    return lesson


def _shown(request: HttpRequest, lesson: Lesson) -> dict[str, object]:
    now = clock.now()
    figures = check_in_figures(now)
    sitting = sitting_of(lesson)
    opens, over = opens_at(sitting, figures), over_at(sitting, figures)
    runs = lesson.cancelled_at is None and lesson.offering.state == OfferingState.PUBLISHED
    shown: dict[str, object] = {
        "lesson": lesson,
        "sitting": sitting,
        "came": came_to(lesson),
        "opens_at": opens,
        "over_at": over,
        "seconds": figures.code_seconds,
        "runs": runs,
        "open": runs and opens <= now < over,
        "over": now >= over,
        "now": now,
    }
    if shown["open"]:
        slot = slot_of(now, figures.code_seconds)
        address = request.build_absolute_uri(
            reverse("trainees:checkin_scan", args=[token_for(lesson.pk, slot)])
        )
        code = code_for(lesson.pk, slot)
        shown |= {
            "address": address,
            "picture": qr_picture(address),
            "code": f"{code[:3]} {code[3:]}",
            "changes_in": int(slot_ends(now, figures.code_seconds) * 1000) + 50,
        }
    return shown
