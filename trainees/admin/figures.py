"""The figures of the training rules: values with their days, who decides on leave, what a cycle asks for."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, ReadOnlyAdmin
from trainees.forms.figures import FigureForm
from trainees.models import CycleRequirement, LeaveTier, TrainingFigure
from trainees.services.figures import set_figure


class InForceFilter(admin.SimpleListFilter):
    """What holds today, what will, what did."""

    title = gettext_lazy("days")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", _("holds today")), ("later", _("still to come")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        today = clock.school_date()
        begun, over = Q(valid_from__lte=today), Q(valid_until__lt=today)
        chosen = {"now": begun & ~over, "later": ~begun, "over": over}
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(TrainingFigure)
class TrainingFigureAdmin(ReadOnlyAdmin):
    """Each figure with its days. A change ends the value that held and begins another; the past stays as it was."""

    list_display = ("code", "shown_value", "valid_from", "valid_until", "source")
    list_filter = (InForceFilter, "code")
    search_fields = ("source",)
    ordering = ("code", "-valid_from")
    sortable_by = ()
    actions_list = ("set_value",)

    @display(description=gettext_lazy("value"))
    def shown_value(self, figure: TrainingFigure) -> str:
        return number_format(figure.value.normalize())

    @action(
        description=gettext_lazy("Change a figure"),
        icon="edit_calendar",
        url_path="set",
        permissions=["act"],
    )
    def set_value(self, request: HttpRequest) -> HttpResponse:
        form = FigureForm(request.POST or None, initial={"code": request.GET.get("code", "")})
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                figure = set_figure(**form.cleaned_data, by=request.user)
                text = _("“%(figure)s” is %(value)s from %(day)s on.")
                facts = {
                    "figure": figure.get_code_display(),
                    "value": number_format(figure.value.normalize()),
                    "day": figure.valid_from,
                }
                return self.done(request, text % facts, self.list_page())
        return self.page(
            request,
            "admin/trainees/set_figure.html",
            title=_("Change a figure"),
            form=form,
        )


@admin.register(LeaveTier)
class LeaveTierAdmin(PortalModelAdmin):
    """Who decides on leave of which length; the tier without a limit takes what is longer."""

    list_display = ("approver", "most_half_days", "source")
    search_fields = ("source",)
    ordering = ("most_half_days",)
    sortable_by = ()


@admin.register(CycleRequirement)
class CycleRequirementAdmin(PortalModelAdmin):
    """The class-hours of a cycle of years, by rank."""

    list_display = ("rank", "first_year", "last_year", "hours", "source")
    list_filter = ("rank",)
    search_fields = ("source",)
    ordering = ("-first_year", "rank")
    sortable_by = ()
