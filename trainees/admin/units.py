"""The pages of a unit once people belong to units: merging it into another."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from partyschool.accounts.admin.units import UnitAdmin
from partyschool.accounts.forms import MergeUnitForm
from partyschool.accounts.models import Unit
from partyschool.accounts.selectors.unit_picker import pick_unit
from partyschool.accounts.services.unit_merging import merge_denial
from trainees.selectors.unit_merging import merge_preview
from trainees.services.unit_merging import merge_units

# The floor of accounts registers its own pages; with the people of this floor they can do more.
admin.site.unregister(Unit)


@admin.register(Unit)
class PeopledUnitAdmin(UnitAdmin):
    actions_detail = ("move", "merge", *(one for one in UnitAdmin.actions_detail if one != "move"))
    open_actions = (*UnitAdmin.open_actions, "merge")

    def has_merge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        # People are posted to another unit: a matter of whoever keeps the register, not of who keeps the accounts.
        return request.user.has_perms(["accounts.change_unit", "trainees.change_cadre"])

    @action(description=gettext_lazy("Merge into another"), icon="merge", permissions=["merge"])
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose into which unit, see what moves and what goes on naming it, say why, confirm."""
        unit = self.get_or_404(request, object_id)
        into = self.chosen_unit(request, "into")
        form = MergeUnitForm(request.POST or None, initial={"into": into})
        if request.method == "POST" and form.is_valid():
            into = form.cleaned_data["into"]
            with self.attempt(request):
                done = merge_units(
                    unit_id=unit.pk,
                    into_id=into.pk,
                    on=form.cleaned_data["on"],
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                )
                text = ngettext(
                    "“%(unit)s” is merged into “%(into)s”; %(number)s cadre serves there now.",
                    "“%(unit)s” is merged into “%(into)s”; %(number)s cadres serve there now.",
                    done.people,
                )
                facts = {"unit": unit.name, "into": into.name, "number": done.people}
                return self.done(request, text % facts, self.page_of(into))
        context: dict[str, Any] = {"picker": None if into else pick_unit(request.GET, leaving_out=unit)}
        if into:
            context |= {"preview": merge_preview(unit, into, merge_denial(unit, into))}
        return self.page(
            request,
            "admin/trainees/merge_units.html",
            title=_("Merge a unit into another"),
            obj=unit,
            unit=unit,
            into=into,
            form=form,
            **context,
        )
