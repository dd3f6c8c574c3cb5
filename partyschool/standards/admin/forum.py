"""The forum's sessions beside the number that the school must hold in a year."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from courses.enums import OfferingKind, OfferingState
from courses.models import ForumSession, Offering
from partyschool.common import clock
from partyschool.common.admin import YearFilter
from partyschool.standards.selectors.forum import forum_year
from trainees.admin.offerings import AttendedOfferingAdmin
from trainees.selectors.forum import own_series

ANNOUNCED = {OfferingState.PUBLISHED, OfferingState.CLOSED}


@admin.register(ForumSession)
class ForumSessionAdmin(AttendedOfferingAdmin):
    """Sessions of the forum: an offering like any other, with the way to its public announcement."""

    list_display = (
        "title",
        "state_label",
        "starts_on",
        "lead_teacher",
        "selection_round",
        "roster_link",
        "poster_link",
    )
    list_filter: Any = ("state", YearFilter)
    list_select_related: Any = ("lead_teacher", "seats", "selection_round")
    list_before_template = "admin/standards/forum_year.html"
    actions_detail = (*AttendedOfferingAdmin.actions_detail, "poster")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if self.has_roster_permission(request):
            return self.list_display
        return tuple("seats_taken" if column == "roster_link" else column for column in self.list_display)

    def get_fieldsets(self, request: HttpRequest, obj: Offering | None = None) -> Any:
        """Those of an offering, without the kind: that is what makes it a session."""
        return tuple(
            (title, {**options, "fields": tuple(name for name in options["fields"] if name != "kind")})
            for title, options in super().get_fieldsets(request, obj)
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"series": own_series(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Offering, form: Any, change: bool) -> None:
        obj.kind = OfferingKind.FORUM
        super().save_model(request, obj, form, change)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"forum_year": forum_year(clock.school_year()), **(extra_context or {})}
        return super().changelist_view(request, context)

    def useful_actions(self, state: OfferingState) -> set[str]:
        return super().useful_actions(state) | ({"poster"} if state in ANNOUNCED else set())

    @display(description=gettext_lazy("announcement"))
    def poster_link(self, session: ForumSession) -> SafeString | str:
        if session.state not in ANNOUNCED:
            return "–"
        page = reverse("trainees:forum_session", args=[session.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', page, gettext_lazy("Public page"))

    @action(description=gettext_lazy("Public page"), icon="public", permissions=["view"])
    def poster(self, request: HttpRequest, object_id: str) -> HttpResponse:
        session = self.get_or_404(request, object_id)
        return HttpResponseRedirect(reverse("trainees:forum_session", args=[session.pk]))
