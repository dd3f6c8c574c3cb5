"""The announcements of the forum: open to anybody, without a log-in and without any trainee's data."""

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.downloads import download_bytes
from partyschool.common.errors import NotFound
from partyschool.common.numbers import whole_number
from partyschool.common.public_pages import kept_for
from trainees.exporters.calendars import CONTENT_TYPE
from trainees.exporters.forum import session_calendar
from trainees.forms import ForumSearchForm
from trainees.selectors.forum import (
    announcement_of,
    forum_name,
    may_come,
    own_series,
    programme_of,
    series_of,
)

SECONDS_KEPT = 60


def _may_enrol(request: HttpRequest) -> bool:
    """Whether the way to enrolment leads anywhere: for a trainee, and for whoever may turn out to be one after the log-in."""
    return not request.user.is_authenticated or request.user.scope.has(Role.TRAINEE)


@policy(public=True)
@require_safe
@kept_for(SECONDS_KEPT)
def programme(request: HttpRequest, series: str = "") -> HttpResponse:
    """The coming session, then the sessions of a year or those that words were found in."""
    if series and series == own_series():
        return HttpResponseRedirect(reverse("trainees:forum"))
    request.back_url = reverse("trainees:forum")
    form = ForumSearchForm(request.GET)
    now = clock.now()
    found = programme_of(
        series,
        year=whole_number(request.GET.get("year", "")),
        words=form.words(),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        now=now,
    )
    context = {
        "programme": found,
        "form": form,
        "now": now,
        "forum_name": forum_name(),
        "coming_line": found.coming.in_short if found.coming else "",
        "coming_open_to": may_come(found.coming.session) if found.coming else [],
        "may_enrol": _may_enrol(request),
        "site_url": settings.SITE_URL,
        "kept_for_all": not request.user.is_authenticated,
    }
    return render(request, "trainees/forum.html", context)


@policy(public=True)
@require_safe
@kept_for(SECONDS_KEPT)
def session(request: HttpRequest, session_id: int) -> HttpResponse:
    """One session like a poster, with its lessons."""
    request.back_url = reverse("trainees:forum")
    now = clock.now()
    found = announcement_of(session_id, now=now)
    code, name = series_of(found.session.series)
    context = {
        "announcement": found,
        "line": found.in_short,
        "open_to": may_come(found.session),
        "series_code": code,
        "series_name": name,
        "forum_name": forum_name(),
        "now": now,
        "may_enrol": _may_enrol(request),
        "site_url": settings.SITE_URL,
        "kept_for_all": not request.user.is_authenticated,
    }
    return render(request, "trainees/forum_session.html", context)


@policy(public=True)
@require_safe
def session_file(request: HttpRequest, session_id: int) -> FileResponse:
    """A session for anybody's calendar. Raises `NotFound` while no time is set."""
    request.back_url = reverse("trainees:forum")
    now = clock.now()
    found = announcement_of(session_id, now=now)
    if not found.lessons:
        raise NotFound(_("The time of this session has not been set yet."))
    content = session_calendar(found, now=now)
    return download_bytes(
        content, name=f"{found.session.title}.ics", content_type=CONTENT_TYPE, code=found.session.code
    )
