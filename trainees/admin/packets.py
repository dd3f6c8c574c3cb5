from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from trainees.enums import NoticeType, PacketState
from trainees.forms import ReportsForm
from trainees.models import PacketReceipt, ReportPacket
from trainees.selectors.rosters import year_overview
from trainees.services.reports import build_reports

STATE_COLOURS = {
    PacketState.VALID: "success",
    PacketState.SUPERSEDED: "warning",
    PacketState.WITHDRAWN: "danger",
}


@admin.register(ReportPacket)
class ReportPacketAdmin(ReadOnlyAdmin):
    """The notices sent to organisation departments and units, each with its annex."""

    list_display = (
        "addressee",
        "year",
        "edition",
        "document_number",
        "state_label",
        "received",
        "people",
        "issued_at",
        "files",
    )
    list_display_links = ("addressee",)
    list_filter = (YearFilter, "edition", "state")
    list_select_related = ("recipient", "notice", "annex")
    search_fields = ("recipient__name", "=code")
    search_help_text = gettext_lazy("Recipient, or a verification code written in full")
    ordering = ("-number_year", "-number")
    sortable_by = ()
    actions_list = ("build",)
    fields = (
        "addressee",
        "year",
        "edition",
        "quarter",
        "doc_type",
        "corrects",
        "document_number",
        "state",
        "code",
        "files",
        "people",
        "scheme",
        "issued_at",
        "issued_by",
        "superseded_by",
        "queried_at",
        "digest",
    )
    readonly_fields = ("addressee", "document_number", "files", "people", "digest")

    @display(description=gettext_lazy("addressee"))
    def addressee(self, packet: ReportPacket) -> str:
        return packet.recipient.name

    @display(description=gettext_lazy("number of cadres"))
    def people(self, packet: ReportPacket) -> int:
        return packet.row_count

    @display(description=gettext_lazy("document number"))
    def document_number(self, packet: ReportPacket) -> str:
        return _("[%(year)s] No. %(number)s") % {"year": packet.number_year, "number": packet.number}

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, packet: ReportPacket) -> tuple[str, str]:
        return packet.state, packet.get_state_display()

    @display(description=gettext_lazy("files"))
    def files(self, packet: ReportPacket) -> SafeString:
        link = '<a class="text-link file-link" href="{}">{}</a>'
        return format_html(
            link + " " + link + " " + link,
            reverse("jobs:file", args=[packet.notice.job_id, packet.notice_id]),
            _("Notice"),
            reverse("jobs:file", args=[packet.annex.job_id, packet.annex_id]),
            _("Annex"),
            reverse("trainees:packet", args=[packet.pk]),
            _("Deliveries and receipts"),
        )

    @display(description=gettext_lazy("data digest"))
    def digest(self, packet: ReportPacket) -> SafeString:
        """In pieces, between which a narrow screen may break it."""
        pieces = [packet.data_digest[start : start + 16] for start in range(0, 64, 16)]
        return format_html_join(mark_safe("<wbr>"), "{}", [(piece,) for piece in pieces])

    @display(description=gettext_lazy("received"), label={"yes": "success", "no": "warning"})
    def received(self, packet: ReportPacket) -> tuple[str, str]:
        return ("yes", _("received")) if packet.has_receipt else ("no", _("not received yet"))

    def get_queryset(self, request: HttpRequest) -> Any:
        receipts = PacketReceipt.objects.visible_to(request.user).filter(delivery__packet=OuterRef("pk"))
        return super().get_queryset(request).annotate(has_receipt=Exists(receipts))

    # -- building

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("trainees.add_reportpacket")

    @action(
        description=gettext_lazy("Build reports"), icon="description", url_path="build", permissions=["act"]
    )
    def build(self, request: HttpRequest) -> HttpResponse:
        form = ReportsForm(request.POST or request.GET or None, initial={"year": clock.school_year()})
        asked = form.cleaned_data if form.is_bound and form.is_valid() else None
        year = asked["year"] if asked else None
        if request.method == "POST" and asked:
            with self.attempt(request):
                job = build_reports(
                    year=asked["year"], quarter=asked["quarter"], doc_type=asked["doc_type"], by=request.user
                )
                return HttpResponseRedirect(reverse("jobs:detail", args=[job.pk]))
        return self.page(
            request,
            "admin/trainees/build_reports.html",
            title=_("Build reports"),
            form=form,
            year=year,
            quarter=asked and asked["quarter"],
            doc_type=asked and NoticeType(asked["doc_type"]).label,
            ordered_report=asked and asked["doc_type"] == NoticeType.REPORT,
            overview=year_overview(year) if year else None,
        )
