"""The pages of an offering once people take part: the way to its roster, and cancelling it."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from courses.admin.offerings import OfferingAdmin
from courses.enums import OfferingState
from courses.models import Offering
from trainees.forms import CancelForm
from trainees.selectors.assignments_facts import length_of_class
from trainees.services.cancelling import cancel_offering

# The floor of courses registers its own pages; with the people of this floor they can do more.
admin.site.unregister(Offering)

WITH_ROSTER = {OfferingState.PUBLISHED, OfferingState.CLOSED}


@admin.register(Offering)
class AttendedOfferingAdmin(OfferingAdmin):
    actions_detail = ("roster", *OfferingAdmin.actions_detail, "cancel")
    list_display = tuple(
        "roster_link" if column == "seats_taken" else column for column in OfferingAdmin.list_display
    )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self.list_display if self.has_roster_permission(request) else OfferingAdmin.list_display

    def useful_actions(self, state: OfferingState) -> set[str]:
        useful = super().useful_actions(state)
        if state in WITH_ROSTER:
            useful |= {"roster"}
        return useful | {"cancel"} if state in {OfferingState.PLANNED, OfferingState.PUBLISHED} else useful

    def has_roster_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("trainees.view_offeringroster")

    def save_model(self, request: HttpRequest, obj: Offering, form: Any, change: bool) -> None:
        """Stored as it is; what the rules on cadre training say about the length is told."""
        super().save_model(request, obj, form, change)
        if too_long := length_of_class(obj):
            messages.warning(request, too_long)

    @display(description=gettext_lazy("seats taken"))
    def roster_link(self, offering: Offering) -> SafeString | str:
        """How full it is, as the way to who takes part."""
        text = self.seats_taken(offering)
        if offering.state not in WITH_ROSTER:
            return text
        page = reverse("admin:trainees_offeringroster_change", args=[offering.pk])
        title = gettext_lazy("Roster and roll calls")
        return format_html('<a class="text-link" href="{}" title="{}">{}</a>', page, title, text)

    @action(description=gettext_lazy("Roster and roll calls"), icon="how_to_reg", permissions=["roster"])
    def roster(self, request: HttpRequest, object_id: str) -> HttpResponse:
        offering = self.get_or_404(request, object_id)
        return HttpResponseRedirect(reverse("admin:trainees_offeringroster_change", args=[offering.pk]))

    @action(description=gettext_lazy("Cancel the offering"), icon="event_busy", permissions=["act"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        offering = self.get_or_404(request, object_id)
        form = CancelForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request, reread=offering):
                number = cancel_offering(
                    offering_id=offering.pk, reason=form.cleaned_data["reason"], by=request.user
                )
                text = ngettext(
                    "“%(title)s” is cancelled; %(number)s place was released.",
                    "“%(title)s” is cancelled; %(number)s places were released.",
                    number,
                )
                return self.done(
                    request, text % {"title": offering.title, "number": number}, self.page_of(offering)
                )
        return self.page(
            request,
            "admin/trainees/cancel_offering.html",
            title=gettext_lazy("Cancel the offering"),
            obj=offering,
            offering=offering,
            seats=getattr(offering, "seats", None),
            lesson_count=offering.lessons.filter(cancelled_at=None).count(),
            possible=offering.state in {OfferingState.PLANNED, OfferingState.PUBLISHED},
            form=form,
        )
