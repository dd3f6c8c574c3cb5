"""Checking in on the own phone: by the address in the QR code, or by typing the digits, at once or when the network is back."""

import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.errors import Busy, DomainError, InvalidInput, NotFound
from trainees.forms.check_ins import (
    SENT_MOST,
    CodeForm,
    PlaceForm,
    WaitingForm,
    new_key,
    rows_of,
    sent_json,
)
from trainees.models import Cadre
from trainees.rules.check_ins import read_token, slot_holds
from trainees.rules.check_ins_contact import (
    contact_mark,
    contact_of,
    is_news,
    settled_contact,
    with_contact,
)
from trainees.rules.check_ins_denials import CodeExpired, TooManyTries
from trainees.selectors.check_ins import arrival_of, check_in_figures, sittings_today
from trainees.services.check_ins import SCAN_KEPT, CheckedIn, check_in_scanned, check_in_typed

DEVICE_COOKIE = "check_in_device"
DEVICE_DAYS = 730
SCAN = "check_in_scan"
CONTACTS = "check_in_contacts"


@policy(Role.TRAINEE)
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest) -> HttpResponse:
    """The lessons of today with what was seen of the reader, and a field for the six digits; a POST checks in by them."""
    request.back_url = reverse("trainees:checkin")
    form = CodeForm(request.POST if request.method == "POST" else None, initial={"key": new_key()})
    denial = None
    if request.method == "POST" and form.is_valid():
        try:
            done = check_in_typed(
                code=form.cleaned_data["code"],
                sighting_key=form.cleaned_data["key"],
                by=request.user,
                device=_device(request),
                place=form.place(),
            )
        except DomainError as refusal:
            denial = refusal
        else:
            messages.success(request, done_words(done))
            return HttpResponseRedirect(reverse("trainees:checkin"), status=303)
    now = clock.now()
    context = {
        "form": form,
        "denial": denial,
        "sittings": sittings_today(request.user, now=now, figures=check_in_figures(now)),
        "has_cadre": Cadre.objects.visible_to(request.user).filter(user=request.user.pk).exists(),
        "now": now,
        "now_milliseconds": int(now.timestamp() * 1000),
        "mark": contact_mark(request.user.pk, now),
    }
    kept = request.session.get(CONTACTS, [])
    if is_news(kept, now):
        request.session[CONTACTS] = with_contact(kept, now)
    status = 200 if request.method != "POST" else 503 if isinstance(denial, Busy) else 409
    return _with_device(request, render(request, "trainees/check_in.html", context, status=status))


@policy(public=True)
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest, token: str) -> HttpResponse:
    """What a scanned code opens. The time of scanning is kept in the session, so that logging in first costs nobody the code.

    A POST confirms; sent twice it is one check-in.
    """
    request.back_url = reverse("trainees:checkin")
    now = clock.now()
    scanned_at, key = _scanned(request, token, now)
    if not request.user.is_authenticated:
        return _with_device(request, redirect_to_login(request.path))
    if not request.user.scope.has(Role.TRAINEE):
        raise PermissionDenied
    if request.user.must_change_password:
        return redirect("accounts:password_change")
    form = PlaceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not form.is_valid():
            raise InvalidInput(_("The place that was sent is none."), remedy=_("Check in without it."))
        done = check_in_scanned(
            token=token,
            scanned_at=scanned_at,
            sighting_key=key,
            by=request.user,
            device=_device(request),
            place=form.place(),
        )
        messages.success(request, done_words(done))
        return HttpResponseRedirect(reverse("trainees:checkin"), status=303)
    scanned = read_token(token)
    assert scanned is not None  # noqa: S101 -- looked at by _scanned
    arrival = arrival_of(
        user=request.user, lesson_id=scanned.lesson_id, seen_at=scanned_at, figures=check_in_figures(now)
    )
    if arrival.earlier is not None and arrival.earlier.seen_at <= scanned_at:
        messages.info(request, _("You have checked in already."))
        return redirect("trainees:checkin")
    context = {"arrival": arrival, "form": form, "scanned_at": scanned_at, "token": token}
    return _with_device(request, render(request, "trainees/check_in_scan.html", context))


@policy(Role.TRAINEE)
@require_POST
def queue(request: HttpRequest) -> JsonResponse:
    """Check-ins from the script of the page: `{"waiting": [{"key", "code", "at"}]}`, `at` being null for one that is sent at once.

    Answers each with its key: done or not, in words, and whether it may be sent again.
    """
    answers = [_answer(request, row) for row in rows_of(sent_json(request.body), "waiting", SENT_MOST)]
    return JsonResponse({"answers": answers})


def _answer(request: HttpRequest, row: dict[str, Any]) -> dict[str, Any]:
    form = WaitingForm(row)
    answer = {"key": str(row.get("key", ""))[:36]}
    if not form.is_valid():
        return answer | {
            "done": False,
            "again": False,
            "words": _("Type the six digits under the square on the screen."),
        }
    try:
        done = check_in_typed(
            code=form.cleaned_data["code"],
            sighting_key=form.cleaned_data["key"],
            by=request.user,
            device=_device(request),
            place=form.place(),
            seen_at=form.cleaned_data["at"],
            contact_at=_contact(request, form.cleaned_data),
        )
    except DomainError as refusal:
        again = isinstance(refusal, Busy | TooManyTries)
        return answer | {"done": False, "again": again, "words": refusal_words(refusal)}
    words = done_words(done)
    messages.success(request, words)
    return answer | {"done": True, "again": False, "words": words}


def _contact(request: HttpRequest, sent: dict[str, Any]) -> datetime | None:
    """When the phone was in contact before it typed what it sends now. Raises `InvalidInput` where it does not say on which page."""
    if sent["at"] is None:
        return None
    shown = contact_of(sent["page"], request.user.pk)
    if shown is None:
        raise InvalidInput(
            _("It was not typed on a page of yours."), remedy=_("Open the page again, then type the code.")
        )
    settled = settled_contact(request.session.get(CONTACTS, []), clock.now())
    return max(shown, settled) if settled else shown


def refusal_words(refusal: DomainError) -> str:
    """A refusal in one line, for a script to show."""
    facts = _("%(title)s: %(facts)s") % {"title": refusal.title, "facts": refusal.facts}
    return " ".join(
        str(part) for part in (facts if refusal.facts else refusal.title, refusal.what_to_do) if part
    )


def done_words(done: CheckedIn) -> str:
    """What became of a check-in, for whoever made it."""
    words = {
        "lesson": done.lessons[0].title,
        "time": clock.in_words(done.check_in.seen_at),
        "status": done.status.label,
    }
    text = _("Checked in to “%(lesson)s” at %(time)s: %(status)s.") % words
    others = len(done.lessons) - 1
    if others:
        text += " " + _("It counts for the whole half-day.")
    return text


def _scanned(request: HttpRequest, token: str, now: datetime) -> tuple[datetime, uuid.UUID]:
    """When this browser scanned `token`, and the key of the check-in to come. Raises `NotFound`, `CodeExpired`."""
    kept = request.session.get(SCAN) or {}
    if kept.get("token") == token:
        at = datetime.fromisoformat(kept["at"])
        if now - at <= SCAN_KEPT:
            return at, _key(kept)
    scanned = read_token(token)
    if scanned is None:
        raise NotFound(
            _("This is no check-in code of the portal."), remedy=_("Scan the code on the screen again.")
        )
    if not slot_holds(scanned.slot, now, check_in_figures(now).code_seconds):
        raise CodeExpired
    kept = {"token": token, "at": now.isoformat(), "key": str(new_key())}
    request.session[SCAN] = kept
    return now, _key(kept)


def _key(kept: dict[str, str]) -> uuid.UUID:
    return uuid.UUID(kept["key"])


def _device(request: HttpRequest) -> str:
    return request.COOKIES.get(DEVICE_COOKIE, "")[:64]


def _with_device(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give the browser a name if it has none, and let its page ask where it is."""
    if not _device(request):
        response.set_cookie(
            DEVICE_COOKIE,
            secrets.token_urlsafe(32),
            max_age=DEVICE_DAYS * 86400,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    response["Permissions-Policy"] = "geolocation=(self)"
    return response
