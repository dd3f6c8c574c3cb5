"""One's own timetable, and the ways to have it in a calendar program."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.downloads import download_bytes
from partyschool.common.numbers import whole_number
from trainees.exporters.calendars import CONTENT_TYPE, calendar_file, digest, entries_of
from trainees.models import Cadre
from trainees.selectors.calendars import calendar_lessons, feed_by_token, live_feed, own_lessons
from trainees.services.calendars import make_feed, note_reading, revoke_feed


@policy(Role.TRAINEE)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """The coming lessons by day, and the subscription; a POST makes a new link, which this one answer shows and no other."""
    request.back_url = reverse("trainees:calendar")
    context = {}
    if request.method == "POST":
        made = make_feed(
            replaces=whole_number(request.POST.get("replaces", "")),
            language=translation.get_language(),
            by=request.user,
        )
        address = request.build_absolute_uri(reverse("trainees:calendar_feed", args=[made.token]))
        context = {
            "address": address,
            "webcal": urlsplit(address)._replace(scheme="webcal").geturl(),
            "feed": made.feed,
        }
    else:
        context = {"feed": live_feed(request.user)}
    context["lessons"] = own_lessons(request.user, since=clock.now())
    if not context["lessons"]:
        context["has_cadre"] = Cadre.objects.visible_to(request.user).filter(user=request.user.pk).exists()
    return render(request, "trainees/calendar.html", context)


@policy(Role.TRAINEE)
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """Switch the subscription off."""
    request.back_url = reverse("trainees:calendar")
    if revoke_feed(by=request.user):
        messages.success(request, _("The link is switched off. Calendar programs get nothing more by it."))
    return HttpResponseRedirect(reverse("trainees:calendar"), status=303)


@policy(Role.TRAINEE)
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The own lessons as a file, as they are now."""
    now = clock.now()
    content = calendar_file(entries_of(calendar_lessons(request.user, now=now)), revised_at=now)
    return download_bytes(content, name=_("My lessons") + ".ics", content_type=CONTENT_TYPE)


@policy(public=True)
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The lessons of whoever made this secret address, for a calendar program, in the language in which it was made.

    A program that has the present content already is told so, and nothing is written for it.
    """
    found, user = feed_by_token(token)
    now = clock.now()
    with translation.override(found.language):
        entries = entries_of(calendar_lessons(user, now=now))
        content_digest = digest(entries)
        changed_at = note_reading(feed=found, content_digest=content_digest, now=now)
        etag = quote_etag(f"{content_digest[:32]}-{int(changed_at.timestamp())}")
        response = get_conditional_response(request, etag=etag, last_modified=int(changed_at.timestamp()))
        if response is None:
            response = HttpResponse(calendar_file(entries, revised_at=changed_at), content_type=CONTENT_TYPE)
            response["Content-Disposition"] = 'inline; filename="lessons.ics"'
            response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Content-Language"] = found.language
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(changed_at.timestamp())
    response["X-Robots-Tag"] = "noindex"
    return response
