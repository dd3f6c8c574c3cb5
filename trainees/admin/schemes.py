from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common.admin import PortalModelAdmin, PortalTabularInline, YearFilter
from partyschool.common.admin_pages import View
from partyschool.common.numbers import whole_number
from trainees.enums import CreditCategory, Rank, SchemeState
from trainees.forms.simulation import SimulatedForm, SimulationForm
from trainees.models import (
    CreditCap,
    CreditPenalty,
    CreditRequirement,
    CreditRule,
    CreditScheme,
    CreditShare,
)
from trainees.selectors.schemes import scheme_page
from trainees.selectors.simulation import (
    RESULT_FILE,
    change_lines,
    simulations_of,
    stored_simulation,
    tally_lines,
)
from trainees.services.carrying import carry_over
from trainees.services.schemes import copy_scheme, put_in_force
from trainees.services.simulation import start_simulation

ROWS_SHOWN = 50
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


class ShareInline(FigureInline):
    model = CreditShare


class PenaltyInline(FigureInline):
    model = CreditPenalty


@admin.register(CreditScheme)
class CreditSchemeAdmin(PortalModelAdmin):
    """The figures of a year. A scheme in force stands still: changes begin as a new version."""

    list_display = ("name", "year", "version", "state_label", "source")
    list_filter = (YearFilter, "state")
    search_fields = ("name", "source")
    ordering = ("-year", "-version")
    fieldsets = (
        (None, {"fields": ("name", "year", "version", "state", "missed_limit", "source")}),
        (gettext_lazy("Surplus of the year before"), {"fields": ("carry_category", "carry_most")}),
        (gettext_lazy("Grade and conduct"), {"fields": ("excellent_factor", "conduct_least")}),
    )
    inlines = (RuleInline, CapInline, RequirementInline, ShareInline, PenaltyInline)
    actions_detail = ("one_page", "try_on_a_year", "new_version", "bring_in_force", "carry_surplus")

    def get_readonly_fields(self, request: HttpRequest, obj: CreditScheme | None = None) -> tuple[str, ...]:
        return ("state", "year", "version") if obj else ("state",)

    def has_change_permission(self, request: HttpRequest, obj: CreditScheme | None = None) -> bool:
        return _draft(obj) and super().has_change_permission(request, obj)

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, scheme: CreditScheme) -> tuple[str, str]:
        return scheme.state, scheme.get_state_display()

    # -- versions

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Only a draft can be put in force, only a scheme in force takes a surplus over."""
        scheme = CreditScheme.objects.filter(pk=object_id).first()
        fitting = {
            "bring_in_force": scheme is not None and scheme.state == SchemeState.DRAFT,
            "carry_surplus": scheme is not None
            and scheme.state == SchemeState.IN_FORCE
            and bool(scheme.carry_category),
        }
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if fitting.get(one.method.original_function_name, True)]

    @action(
        description=gettext_lazy("On one page"), icon="article", url_path="one-page", permissions=["view"]
    )
    def one_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Everything the scheme says, in the order in which it is applied."""
        scheme = self.get_or_404(request, object_id)
        return self.page(
            request,
            "admin/trainees/scheme_page.html",
            title=str(scheme),
            obj=scheme,
            found=scheme_page(scheme),
            ranks=[rank.label for rank in Rank],
        )

    @action(
        description=gettext_lazy("Carry the surplus over"),
        icon="redo",
        url_path="carry-over",
        permissions=["act"],
    )
    def carry_surplus(self, request: HttpRequest, object_id: str) -> HttpResponse:
        scheme = self.get_or_404(request, object_id)

        def work(*, scheme_id: int, by: Any) -> CreditScheme:
            carried = carry_over(year=scheme.year, by=by)
            text = _("%(posted)s cadres were given %(credits)s credits of %(before)s.")
            facts = {"posted": carried.posted, "credits": carried.credits, "before": scheme.year - 1}
            messages.info(request, text % facts)
            return scheme

        return self._version_page(
            request,
            object_id,
            title=_("Carry the surplus over"),
            question=_(
                "Who passed the sealed year before with more than was needed gets the surplus as credits of this year, up to the limit. "
                "Everybody gets it once, however often this is done."
            ),
            work=work,
            done=_("Carried over under “%(scheme)s”."),
        )

    # -- trying it on a year

    @action(
        description=gettext_lazy("Try it on a year"),
        icon="experiment",
        url_path="simulate",
        permissions=["act"],
    )
    def try_on_a_year(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the year, start the job, list what was tried before."""
        scheme = self.get_or_404(request, object_id)
        form = SimulationForm(request.POST or None, scheme=scheme)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                job = start_simulation(scheme_id=scheme.pk, by=request.user, **form.answers)
                return HttpResponseRedirect(
                    reverse("admin:trainees_creditscheme_simulation", args=[scheme.pk, job.pk])
                )
        return self.page(
            request,
            "admin/trainees/simulate.html",
            title=_("Try it on a year"),
            obj=scheme,
            scheme=scheme,
            form=form,
            jobs=simulations_of(request.user, scheme)[:10],
        )

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [("<key:object_id>/simulation/<uuid:job_id>/", "simulation", self.simulation_view)]

    def simulation_view(self, request: HttpRequest, object_id: Any, job_id: UUID) -> HttpResponse:
        """What the year would look like: totals, ranks, units, and who changes; while the job works, how far it is."""
        scheme = self.row_to_change(request, object_id)
        job = get_object_or_404(simulations_of(request.user, scheme), pk=job_id)
        if request.htmx and job.is_live:  # type: ignore[attr-defined]  # django-htmx's middleware
            return self.page(
                request, "admin/trainees/_simulation_progress.html", title=job.title, scheme=scheme, job=job
            )
        found = stored_simulation(job)
        form = SimulatedForm(request.GET, found=found)
        shown = form.narrowed() if found else []
        number = min(whole_number(request.GET.get("page", "")) or 1, max(1, -(-len(shown) // ROWS_SHOWN)))
        start = (max(number, 1) - 1) * ROWS_SHOWN
        response = self.page(
            request,
            "admin/trainees/simulation.html",
            title=_("%(year)s under “%(scheme)s”") % {"year": job.params["year"], "scheme": scheme},
            obj=scheme,
            scheme=scheme,
            job=job,
            book=job.files.exclude(name=RESULT_FILE).first(),
            found=found,
            form=form,
            groups=tally_lines(found) if found else [],
            shown=len(shown),
            lines=change_lines(request.user, shown[start : start + ROWS_SHOWN]),
            number=number,
            before=number - 1 if start else None,
            after=number + 1 if start + ROWS_SHOWN < len(shown) else None,
        )
        if request.htmx:  # type: ignore[attr-defined]  # as above
            response["HX-Refresh"] = "true"  # it is over: the whole page has changed
        return response

    # -- following versions

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
        if request.method == "POST":
            with self.attempt(request):
                result = work(scheme_id=scheme.pk, by=request.user)
                return self.done(request, done % {"scheme": result}, self.page_of(result))
        return self.page(
            request,
            "admin/trainees/scheme.html",
            title=title,
            obj=scheme,
            scheme=scheme,
            question=question,
        )
