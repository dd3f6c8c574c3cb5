"""Imports of cadres in the browser: template, handing in, what the check found, taking over, undoing."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.accounts.models import Unit
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.downloads import download_bytes
from partyschool.common.errors import Stale
from trainees.enums import ImportPart, ImportState
from trainees.exporters.import_copy import XLSX, copy_file_name
from trainees.exporters.import_template import build_import_template
from trainees.forms.imports import ImportForm, PageForm
from trainees.models import CadreImport
from trainees.selectors.imports import content_of, view_of_import
from trainees.services.import_commits import start_commit, start_undo
from trainees.services.imports import hand_in_file, start_check

STATE_COLOURS = {
    ImportState.CHECKING: "info",
    ImportState.UNREADABLE: "danger",
    ImportState.FAULTY: "danger",
    ImportState.READY: "warning",
    ImportState.COMMITTED: "success",
}


@admin.register(CadreImport)
class CadreImportAdmin(OwnPageMixin, ReadOnlyAdmin):
    """Files of cadres that were handed in, each with what was found in it and what became of it."""

    list_display = (
        "name",
        "unit",
        "state_label",
        "rows",
        "new",
        "changed",
        "faults",
        "created_by",
        "created_at",
    )
    list_filter = ("state",)
    list_select_related = ("unit", "created_by")
    search_fields = ("name", "=sha256")
    search_help_text = gettext_lazy("Part of the file name, or the SHA-256 in full")
    ordering = ("-pk",)
    sortable_by = ()
    actions_list = ("template",)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, found: CadreImport) -> tuple[str, str]:
        return found.state, found.get_state_display()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("trainees.add_cadreimport")

    def has_hand_in_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_add_permission(request)

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [
            ("<key:import_id>/check/", "check", self.check_view),
            ("<key:import_id>/commit/", "commit", self.commit_view),
            ("<key:import_id>/undo/", "undo", self.undo_view),
            ("<key:import_id>/marked/", "marked", self.marked_view),
        ]

    @action(
        description=gettext_lazy("Download the template"),
        icon="download",
        url_path="template",
        permissions=["hand_in"],
    )
    def template(self, request: HttpRequest) -> HttpResponseBase:
        units = Unit.objects.visible_to(request.user).filter(closed_on=None).values_list("code", "name")
        content = build_import_template(units, created=clock.now())
        name = f"{_('Template for importing cadres')}.xlsx"
        return download_bytes(content, name=name, content_type=XLSX)

    # -- handing in

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Hand a file in; its check begins at once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        units = Unit.objects.visible_to(request.user)
        self.search_for(form.fields["unit"], CadreImport._meta.get_field("unit"), units)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                found = self._hand_in(request, form.cleaned_data)
                return HttpResponseRedirect(self.page_of(found))
        return self.page(request, "admin/trainees/import_add.html", title=_("Import cadres"), form=form)

    def _hand_in(self, request: HttpRequest, chosen: dict[str, Any]) -> CadreImport:
        unit = chosen["unit"]
        found = hand_in_file(
            name=chosen["file"].name,
            content=chosen["file"].read(),
            unit_id=unit.pk if unit else None,
            effective_on=chosen["effective_on"],
            by=request.user,
        )
        start_check(import_id=found.pk, by=request.user)
        return found

    # -- looking

    def show(self, request: HttpRequest, found: CadreImport) -> HttpResponse:
        """What was found and what can be done now; nothing is changed by it."""
        view = view_of_import(found, **PageForm(request.GET).chosen())
        watching = request.htmx and view.job and view.job.is_live
        response = self.page(
            request,
            "admin/trainees/_import_progress.html" if watching else "admin/trainees/import.html",
            title=_("Import of cadres"),
            obj=found,
            found=found,
            view=view,
            tabs=_tabs(found),
            may_act=self.has_add_permission(request),
        )
        if request.htmx and not watching:
            response["HX-Refresh"] = "true"  # it is over: the whole page has changed
        return response

    def marked_view(self, request: HttpRequest, import_id: int) -> HttpResponseBase:
        """The copy with the faults marked, with all numbers in full: for whoever may hand in alone, and the trail keeps it."""
        found = self.row_to_see(request, import_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        content = content_of(found, ImportPart.MARKED)
        if content is None:
            raise Http404
        record_event(
            action="cadreimport.download", subject=found, by=request.user, data={"faults": found.faults}
        )
        name = f"{copy_file_name(found.name)}.xlsx"
        return download_bytes(content, name=name, content_type=XLSX)

    # -- acting

    def check_view(self, request: HttpRequest, import_id: int) -> HttpResponse:
        return self._step(request, import_id, lambda found: start_check(import_id=found.pk, by=request.user))

    def commit_view(self, request: HttpRequest, import_id: int) -> HttpResponse:
        return self._step(
            request,
            import_id,
            lambda found: start_commit(
                import_id=found.pk, sha256=request.POST.get("sha256", ""), by=request.user
            ),
        )

    def undo_view(self, request: HttpRequest, import_id: int) -> HttpResponse:
        return self._step(request, import_id, lambda found: start_undo(import_id=found.pk, by=request.user))

    def _step(self, request: HttpRequest, import_id: int, deed: Callable[[CadreImport], Any]) -> HttpResponse:
        """Do one step from the page's own button; a refusal is shown above the page."""
        found = self.row_to_see(request, import_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            with self.attempt(request, reread=found):
                if request.POST.get("seen") != f"{found.state}:{found.preview_sha256[:12]}":
                    facts = _("The import is in state “%(state)s” now.") % {
                        "state": found.get_state_display()
                    }
                    raise Stale(facts)
                deed(found)
                return self.done(
                    request, _("It has begun. This page shows how far it is."), self.page_of(found)
                )
        return self.show(request, found)


def _tabs(found: CadreImport) -> list[tuple[str, Any, int]]:
    """The lists of an import: name, words, lines."""
    return [
        ("faults", _("Faults"), found.faults),
        ("new", _("New people"), found.new),
        ("changed", _("Changed people"), found.changed),
        ("absent", _("Not in the file"), found.absent),
    ]
