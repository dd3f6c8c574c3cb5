from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, YearFilter
from partyschool.common.templatetags.portal import plain_number
from partyschool.standards.forms import TargetForm
from partyschool.standards.models import StandardTarget
from partyschool.standards.selectors.board import indicator_labels


@admin.register(StandardTarget)
class StandardTargetAdmin(PortalModelAdmin):
    form = TargetForm
    list_display = ("indicator_name", "year", "target_figure", "source")
    list_filter = (YearFilter,)
    search_fields = ("source",)
    ordering = ("-year", "indicator")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"year": clock.school_year(), **super().get_changeform_initial_data(request)}

    @display(description=_("indicator"), ordering="indicator")
    def indicator_name(self, target: StandardTarget) -> Any:
        return indicator_labels().get(target.indicator, target.indicator)

    @display(description=_("target"), ordering="target")
    def target_figure(self, target: StandardTarget) -> str:
        return plain_number(target.target)
