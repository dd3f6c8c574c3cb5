"""Imports of cadres in the browser: template, handing in, what the check found, taking over, undoing."""

import io
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.accounts.models import Unit
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.downloads import download_response
from partyschool.common.errors import DomainError, Stale
from partyschool.common.search_boxes import SearchBox
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
class CadreImportAdmin(ReadOnlyAdmin):
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

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path(f"<key:import_id>/{step}/", wrap(view), name=f"trainees_cadreimport_{step}")
            for step, view in (
                ("check", self.check_view),
                ("commit", self.commit_view),
                ("undo", self.undo_view),
                ("marked", self.marked_view),
            )
        ]
        return own + super().get_urls()

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
        return download_response(io.BytesIO(content), name=name, content_type=XLSX, size=len(content))

    # -- handing in

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Hand a file in; its check begins at once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        form.fields["unit"].queryset = Unit.objects.visible_to(request.user)
        form.fields["unit"].widget = SearchBox(CadreImport._meta.get_field("unit"), self.admin_site)
        form.fields["unit"].widget.choices = form.fields["unit"].choices
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                found = self._hand_in(request, form.cleaned_data)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
            else:
                return self._back(found)
        return self.page(
            request, "admin/trainees/import_add.html", title=_("Import cadres"), status=status, form=form
        )

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

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What was found and what can be done now; nothing is changed by it."""
        if request.method == "POST":
            raise PermissionDenied
        return self._show(request, self._found(request, object_id))

    def _found(self, request: HttpRequest, import_id: Any) -> CadreImport:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.get_or_404(request, import_id)

    def _show(self, request: HttpRequest, found: CadreImport, *, status: int = 200) -> HttpResponse:
        view = view_of_import(found, **PageForm(request.GET).chosen())
        watching = request.htmx and view.job and view.job.is_live
        response = self.page(
            request,
            "admin/trainees/_import_progress.html" if watching else "admin/trainees/import.html",
            title=_("Import of cadres"),
            obj=found,
            status=status,
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
        found = self._found(request, import_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        content = content_of(found, ImportPart.MARKED)
        if content is None:
            raise Http404
        record_event(
            action="cadreimport.download", subject=found, by=request.user, data={"faults": found.faults}
        )
        name = f"{copy_file_name(found.name)}.xlsx"
        return download_response(io.BytesIO(content), name=name, content_type=XLSX, size=len(content))

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
        found = self._found(request, import_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._show(request, found)
        try:
            if request.POST.get("seen") != f"{found.state}:{found.preview_sha256[:12]}":
                raise Stale(
                    _("The import is in state “%(state)s” now.") % {"state": found.get_state_display()}
                )
            deed(found)
        except DomainError as error:
            self.refuse(request, error)
            return self._show(request, self._found(request, import_id), status=409)
        messages.success(request, _("It has begun. This page shows how far it is."))
        return self._back(found)

    def _back(self, found: CadreImport) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:trainees_cadreimport_change", args=[found.pk]))


def _tabs(found: CadreImport) -> list[tuple[str, Any, int]]:
    """The lists of an import: name, words, lines."""
    return [
        ("faults", _("Faults"), found.faults),
        ("new", _("New people"), found.new),
        ("changed", _("Changed people"), found.changed),
        ("absent", _("Not in the file"), found.absent),
    ]
