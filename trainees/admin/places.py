"""What staff do to single places of a roster: enrol by hand, move, take back; and the sheet to be signed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.admin_pages import View
from partyschool.common.downloads import download_bytes
from partyschool.common.pdf import BuiltDocument
from trainees.enums import EnrolmentState
from trainees.exporters.sign_in import build_sheets, sheet_file_name, sheets_for
from trainees.forms import EnrolForm, MoveForm, TakeBackForm
from trainees.models import Cadre, Enrolment, OfferingRoster
from trainees.selectors.rosters import people_of, rooms_of
from trainees.services.enrolments import enrol_cadre
from trainees.services.moving import move_cadre, withdraw_cadre

PDF = "application/pdf"


class PlacesMixin(ReadOnlyAdmin):
    """Pages beside the roster, one for each deed."""

    def own_pages(self) -> list[tuple[str, str, View]]:
        place = "<key:offering_id>/places/<key:enrolment_id>"
        return [
            ("<key:offering_id>/enrol/", "enrol", self.enrol_view),
            ("<key:offering_id>/roster.pdf", "sheet", self.sheet_view),
            (f"{place}/move/", "move", self.move_view),
            (f"{place}/take-back/", "take_back", self.take_back_view),
            *super().own_pages(),
        ]

    def enrol_view(self, request: HttpRequest, offering_id: int) -> HttpResponse:
        offering = self.row_to_change(request, offering_id)
        form = EnrolForm(request.POST or None, may_set_aside=may_set_aside(request))
        cadres = Cadre.objects.visible_to(request.user)
        self.search_for(form.fields["cadre"], Enrolment._meta.get_field("cadre"), cadres)
        if request.method == "POST" and form.is_valid():
            cadre = form.cleaned_data["cadre"]
            with self.attempt(request):
                enrol_cadre(
                    cadre_id=cadre.pk,
                    offering_id=offering.pk,
                    by=request.user,
                    aside=form.rule(),
                    reason=form.cleaned_data.get("reason", ""),
                )
                text = _("%(name)s is enrolled in “%(title)s”.")
                return self.done(
                    request, text % {"name": cadre.name, "title": offering.title}, self.page_of(offering)
                )
        return self.page(
            request,
            "admin/trainees/enrol.html",
            title=_("Enrol by hand"),
            obj=offering,
            offering=offering,
            seats=getattr(offering, "seats", None),
            form=form,
        )

    def move_view(self, request: HttpRequest, offering_id: int, enrolment_id: int) -> HttpResponse:
        offering, place = self._place(request, offering_id, enrolment_id)
        form = MoveForm(request.POST or None, offering=offering, may_set_aside=may_set_aside(request))
        if request.method == "POST" and form.is_valid():
            target = form.cleaned_data["to"]
            with self.attempt(request):
                move_cadre(
                    enrolment_id=place.pk,
                    to_offering_id=target.pk,
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    aside=form.rule(),
                )
                text = _("%(name)s has a place in “%(title)s” now.")
                return self.done(
                    request, text % {"name": place.cadre.name, "title": target.title}, self.page_of(offering)
                )
        return self._place_page(
            request,
            "move_place",
            title=_("Move to another topic"),
            place=(offering, place),
            form=form,
        )

    def take_back_view(self, request: HttpRequest, offering_id: int, enrolment_id: int) -> HttpResponse:
        offering, place = self._place(request, offering_id, enrolment_id)
        form = TakeBackForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                withdraw_cadre(enrolment_id=place.pk, reason=form.cleaned_data["reason"], by=request.user)
                text = _("%(name)s does not take part in “%(title)s” any more.")
                return self.done(
                    request,
                    text % {"name": place.cadre.name, "title": offering.title},
                    self.page_of(offering),
                )
        return self._place_page(
            request,
            "take_back",
            title=_("Take the place back"),
            place=(offering, place),
            form=form,
        )

    def sheet_view(self, request: HttpRequest, offering_id: int) -> HttpResponseBase:
        """The sign-in sheet in PDF; the trail keeps who took how many people's data along."""
        offering = self.row_to_see(request, offering_id)
        return sheets_response(request, offering.title, [offering], subject=offering)

    def _place(
        self, request: HttpRequest, offering_id: int, enrolment_id: int
    ) -> tuple[OfferingRoster, Enrolment]:
        offering = self.row_to_change(request, offering_id)
        places = Enrolment.objects.visible_to(request.user).filter(offering=offering, pk=enrolment_id)
        place = places.select_related("cadre__unit").first()
        if place is None:
            raise Http404
        return offering, place

    def _place_page(
        self,
        request: HttpRequest,
        page: str,
        *,
        title: str,
        place: tuple[OfferingRoster, Enrolment],
        form: Any,
    ) -> HttpResponse:
        offering, held = place
        return self.page(
            request,
            f"admin/trainees/{page}.html",
            title=title,
            obj=offering,
            offering=offering,
            place=held,
            possible=offering.state == OfferingState.PUBLISHED and held.state == EnrolmentState.ENROLLED,
            form=form,
        )


def may_set_aside(request: HttpRequest) -> bool:
    """Whether the user may set a rule aside for somebody."""
    return request.user.has_perm("trainees.add_seatoverride")


def sheets_response(
    request: HttpRequest, title: str, offerings: list[Any], *, subject: Any
) -> HttpResponseBase:
    """Sign-in sheets of `offerings` in one file, on record; what no font could show is told on the next page, too."""
    now = clock.now()
    people = people_of(offerings, request.user)
    document = build_sheets(title, sheets_for(offerings, people, rooms_of(offerings)), now=now)
    number = sum(len(places) for places in people.values())
    record_event(
        action="roster.export", subject=subject, by=request.user, data={"people": number, "form": "pdf"}
    )
    _tell_missing(request, document)
    code = offerings[0].code if len(offerings) == 1 else ""
    return download_bytes(document.content, name=sheet_file_name(title), content_type=PDF, code=code)


def _tell_missing(request: HttpRequest, document: BuiltDocument) -> None:
    if document.missing:
        text = _("The sign-in sheet shows 〓 for characters that no font at hand has: %(where)s.")
        named = "; ".join(dict.fromkeys(f"{one.where} {one.char} ({one.code})" for one in document.missing))
        messages.warning(request, text % {"where": named[:400]})
