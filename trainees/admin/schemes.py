from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common.admin import PortalModelAdmin, PortalTabularInline, YearFilter
from partyschool.common.errors import DomainError
from trainees.enums import CreditCategory, SchemeState
from trainees.models import CreditCap, CreditRequirement, CreditRule, CreditScheme
from trainees.services.schemes import copy_scheme, put_in_force

STATE_COLOURS = {SchemeState.DRAFT: "warning", SchemeState.IN_FORCE: "success", SchemeState.RETIRED: "info"}


def _draft(scheme: CreditScheme | None) -> bool:
    return scheme is None or scheme.state == SchemeState.DRAFT


class FigureInline(PortalTabularInline):
    """Figures of a scheme: open to change, and to be struck out, only while it is a draft."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


class RuleInline(FigureInline):
    model = CreditRule


class CapInline(FigureInline):
    model = CreditCap


class RequirementInline(FigureInline):
    model = CreditRequirement

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "category":
            kwargs["choices"] = [("", _("all categories together")), *CreditCategory.choices]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(CreditScheme)
class CreditSchemeAdmin(PortalModelAdmin):
    """The figures of a year. A scheme in force stands still: changes begin as a new version."""

    list_display = ("name", "year", "version", "state_label", "source")
    list_filter = (YearFilter, "state")
    search_fields = ("name", "source")
    ordering = ("-year", "-version")
    fields = ("name", "year", "version", "state", "missed_limit", "source")
    inlines = (RuleInline, CapInline, RequirementInline)
    actions_detail = ("new_version", "bring_in_force")

    def get_readonly_fields(self, request: HttpRequest, obj: CreditScheme | None = None) -> tuple[str, ...]:
        return ("state", "year", "version") if obj else ("state",)

    def has_change_permission(self, request: HttpRequest, obj: CreditScheme | None = None) -> bool:
        return _draft(obj) and super().has_change_permission(request, obj)

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, scheme: CreditScheme) -> tuple[str, str]:
        return scheme.state, scheme.get_state_display()

    # -- versions

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Only a draft can be put in force."""
        draft = CreditScheme.objects.filter(pk=object_id, state=SchemeState.DRAFT).exists()
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if draft or one.method.original_function_name != "bring_in_force"]

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("trainees.change_creditscheme")

    @action(
        description=gettext_lazy("New version"),
        icon="content_copy",
        url_path="new-version",
        permissions=["act"],
    )
    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._version_page(
            request,
            object_id,
            title=_("New version"),
            question=_(
                "All figures of this scheme are copied into a draft of the same year, which you can then change."
            ),
            work=copy_scheme,
            done=_("“%(scheme)s” is a draft: change its figures, then put it in force."),
        )

    @action(
        description=gettext_lazy("Put in force"), icon="gavel", url_path="put-in-force", permissions=["act"]
    )
    def bring_in_force(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._version_page(
            request,
            object_id,
            title=_("Put in force"),
            question=_(
                "From now on closings use these figures, and they can no longer be changed. The version in force until now is retired. "
                "Credits already posted stay as they are; close the year again to judge it by this version."
            ),
            work=put_in_force,
            done=_("“%(scheme)s” is in force."),
        )

    def _version_page(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: str,
        question: str,
        work: Callable[..., CreditScheme],
        done: str,
    ) -> HttpResponse:
        scheme = self.get_or_404(request, object_id)
        status = 200
        if request.method == "POST":
            try:
                result = work(scheme_id=scheme.pk, by=request.user)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
            else:
                messages.success(request, done % {"scheme": result})
                return HttpResponseRedirect(reverse("admin:trainees_creditscheme_change", args=[result.pk]))
        return self.page(
            request,
            "admin/trainees/scheme.html",
            title=title,
            obj=scheme,
            status=status,
            scheme=scheme,
            question=question,
        )
