"""Roll calls on a tablet, for class teachers and staff: the lessons of a day, and the roll of one."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.enums import OfferingState
from courses.models import Lesson
from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.attempts import attempt, denial_of, render_attempt
from partyschool.common.errors import Busy, DomainError, NotFound, Stale
from partyschool.common.numbers import whole_number
from trainees.enums import AttendanceStatus
from trainees.forms.check_ins import sent_json, tapped_marks
from trainees.models import Enrolment
from trainees.rules.check_ins import early_before
from trainees.selectors.check_ins import check_in_figures
from trainees.selectors.check_ins_rolls import TabletRoll, kept_on, tablet_roll
from trainees.services.attendance import REASON_LENGTH, SentMarks, begins_at, mark_attendance, send_marks

from .check_ins import refusal_words
from .check_ins_screens import kept_lesson_or_404

NAMED_MOST = 8


@policy(Role.STAFF, Role.TEACHER)
@require_safe
def rolls(request: HttpRequest) -> HttpResponse:
    """The lessons of a day (`?day=`, default today) whose roll the reader keeps."""
    day = _day(request.GET.get("day", ""))
    context = {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "today": clock.school_date(),
        "lessons": kept_on(request.user, day),
        "now": clock.now(),
    }
    return render(request, "trainees/rolls.html", context)


@policy(Role.STAFF, Role.TEACHER)
@require_http_methods(["GET", "HEAD", "POST"])
def roll(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """The roll of one lesson. A POST is the form as a whole, for browsers without the script."""
    lesson = kept_lesson_or_404(request, lesson_id)
    found = tablet_roll(lesson, request.user)
    if request.method == "POST":
        with attempt(request):
            if request.POST.get("seen") != str(found.version):
                raise Stale(
                    _("Somebody has checked in, or called this roll, since you opened the page."),
                    remedy=_(
                        "Your choices are still below. Compare them with the marks stored now, then save again."
                    ),
                )
            written = mark_attendance(
                lesson_id=lesson.pk,
                marks=_chosen(request),
                reason=request.POST.get("reason", ""),
                by=request.user,
            )
            messages.success(request, _saved(written))
            return HttpResponseRedirect(reverse("trainees:roll", args=[lesson.pk]), status=303)
        found = tablet_roll(lesson, request.user)
    return render_attempt(request, "trainees/roll.html", _page(request, lesson, found))


@policy(Role.STAFF, Role.TEACHER)
@require_POST
def roll_marks(request: HttpRequest, lesson_id: int) -> JsonResponse:
    """Marks from the script of the roll, at once or after they waited for the network: `{"reason", "marks": [{"person", "status", "at"}]}`."""
    lesson = kept_lesson_or_404(request, lesson_id)
    sent = sent_json(request.body)
    reason = sent.get("reason")
    try:
        done = send_marks(
            lesson_id=lesson.pk,
            marks=tapped_marks(sent),
            reason=reason if isinstance(reason, str) else "",
            by=request.user,
        )
    except DomainError as refusal:
        status = 503 if isinstance(refusal, Busy) else 409
        return JsonResponse({"code": refusal.code, "words": refusal_words(refusal)}, status=status)
    messages.success(request, _saved(done.written))
    for words in _left_out(request, done):
        messages.warning(request, words)
    return JsonResponse({"written": done.written, "older": done.older, "gone": done.gone})


def _page(request: HttpRequest, lesson: Lesson, found: TabletRoll) -> dict[str, Any]:
    now = clock.now()
    begun = begins_at(lesson) <= now
    refused = denial_of(request) is not None
    chosen = _chosen(request) if refused else {}
    return {
        "lesson": lesson,
        "rows": [(row, chosen.get(row.enrolment.pk) or row.proposed) for row in found.rows],
        "version": found.version,
        "statuses": AttendanceStatus.choices,
        "may_mark": lesson.offering.state == OfferingState.PUBLISHED
        and lesson.cancelled_at is None
        and begun,
        "begun": begun,
        "over": lesson.ends_at <= now,
        "early_before": early_before(lesson, check_in_figures(now)),
        "reason": request.POST.get("reason", "")[:REASON_LENGTH] if refused else "",
        "reason_length": REASON_LENGTH,
        "now_milliseconds": int(now.timestamp() * 1000),
    }


def _chosen(request: HttpRequest) -> dict[int, str]:
    """The marks of a posted form; of people who are not on the roll any more as well: the service says what became of them."""
    prefix = "mark-"
    sent = {
        name.removeprefix(prefix): value for name, value in request.POST.items() if name.startswith(prefix)
    }
    return {number: value for pk, value in sent.items() if (number := whole_number(pk)) is not None}


def _saved(number: int) -> str:
    if not number:
        return _("The roll is as it was: nothing was new.")
    return ngettext("%(number)s mark saved.", "%(number)s marks saved.", number) % {"number": number}


def _left_out(request: HttpRequest, done: SentMarks) -> list[str]:
    """Whose mark was left out of what was sent, and why."""
    reasons = (
        (done.older, _("Marked by hand since, so the older mark from this device was left out: %(names)s.")),
        (done.gone, _("Does not take part any more, so the mark was left out: %(names)s.")),
    )
    return [text % {"names": _names(request, people)} for people, text in reasons if people]


def _names(request: HttpRequest, enrolment_ids: list[int]) -> str:
    places = Enrolment.objects.visible_to(request.user).filter(pk__in=enrolment_ids[:NAMED_MOST])
    named = _(", ").join(places.order_by("cadre__name").values_list("cadre__name", flat=True))
    return named if len(enrolment_ids) <= NAMED_MOST else f"{named} …"


def _day(text: str) -> date:
    """The day that an address names; today without one. Raises `NotFound`."""
    if not text:
        return clock.school_date()
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2200:
        raise NotFound(_("“%(day)s” is no day.") % {"day": text[:20]})
    return day
