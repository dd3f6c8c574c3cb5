"""Pages of one unit, one for each deed: move, rename, close, reopen."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from partyschool.accounts.forms import MoveUnitForm, RenameUnitForm, UnitDeedForm
from partyschool.accounts.models import Unit
from partyschool.accounts.selectors.unit_history import unit_history
from partyschool.accounts.selectors.unit_moves import move_preview
from partyschool.accounts.selectors.unit_picker import pick_unit
from partyschool.accounts.services.units import (
    close_unit,
    live_grants,
    move_denial,
    move_unit,
    occupied_by,
    rename_unit,
    reopen_unit,
)
from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin
from partyschool.common.numbers import whole_number

# What is of use to an open unit, and to a closed one.
OPEN_ACTIONS, CLOSED_ACTIONS = ("move", "rename", "close"), ("reopen",)


class UnitPages(PortalModelAdmin):
    """The history under the unit's form, and the deeds as pages of their own."""

    actions_detail: tuple[str, ...] = (*OPEN_ACTIONS, *CLOSED_ACTIONS)
    open_actions: tuple[str, ...] = OPEN_ACTIONS
    change_form_outer_after_template = "admin/accounts/_unit_history.html"

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """The deeds that the unit's state allows."""
        offered = super().get_actions_detail(request, object_id)
        closed = Unit.objects.filter(pk=object_id, closed_on__isnull=False).exists()
        useful = CLOSED_ACTIONS if closed else self.open_actions
        return [one for one in offered if one.method.original_function_name in useful]

    def beside_form(self, request: HttpRequest, obj: Unit) -> dict[str, Any]:
        return {"unit_history": unit_history(obj)}

    def has_change_unit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.change_unit")

    # -- deeds

    @action(description=gettext_lazy("Move"), icon="account_tree", permissions=["change_unit"])
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose where to, see who will see it and who no longer, say why, confirm."""
        unit = self.get_or_404(request, object_id)
        target = self.chosen_unit(request, "to")
        form = MoveUnitForm(request.POST or None, initial={"to": target})
        if request.method == "POST" and form.is_valid():
            target = form.cleaned_data["to"]
            with self.attempt(request):
                move_unit(
                    unit_id=unit.pk,
                    to_id=target.pk,
                    on=form.cleaned_data["on"],
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                )
                text = _("“%(unit)s” stands under “%(target)s” now.")
                return self.done(
                    request, text % {"unit": unit.name, "target": target.name}, self.page_of(unit)
                )
        return self.page(
            request,
            "admin/accounts/move_unit.html",
            title=_("Move a unit"),
            obj=unit,
            unit=unit,
            target=target,
            form=form,
            preview=move_preview(unit, target) if target else None,
            obstacle=move_denial(unit, target) if target else None,
            picker=None if target else pick_unit(request.GET, leaving_out=unit),
        )

    @action(description=gettext_lazy("Rename"), icon="edit", permissions=["change_unit"])
    def rename(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.get_or_404(request, object_id)
        form = RenameUnitForm(request.POST or None, initial={"name": unit.name})

        def deed(chosen: dict[str, Any]) -> str:
            rename_unit(unit_id=unit.pk, by=request.user, **chosen)
            return _("“%(old)s” is called “%(new)s” now.") % {"old": unit.name, "new": chosen["name"]}

        return self._deed_page(request, unit, form, deed, title=_("Rename a unit"), button=_("Rename"))

    @action(description=gettext_lazy("Close down"), icon="block", permissions=["change_unit"])
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.get_or_404(request, object_id)
        today = clock.school_date()

        def deed(chosen: dict[str, Any]) -> str:
            close_unit(unit_id=unit.pk, by=request.user, **chosen)
            return _("“%(unit)s” is closed down.") % {"unit": unit.name}

        return self._deed_page(
            request,
            unit,
            UnitDeedForm(request.POST or None),
            deed,
            title=_("Close a unit down"),
            button=_("Close down"),
            explanation=_(
                "The unit stays in the tree, marked as closed, for everything that happened under its name."
            ),
            occupied=occupied_by(unit, today),
            grants=live_grants(unit, today).select_related("user").order_by("pk"),
        )

    @action(description=gettext_lazy("Reopen"), icon="undo", permissions=["change_unit"])
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unit = self.get_or_404(request, object_id)

        def deed(chosen: dict[str, Any]) -> str:
            reopen_unit(unit_id=unit.pk, by=request.user, **chosen)
            return _("“%(unit)s” is open again.") % {"unit": unit.name}

        return self._deed_page(
            request,
            unit,
            UnitDeedForm(request.POST or None),
            deed,
            title=_("Reopen a unit"),
            button=_("Reopen"),
            explanation=_(
                "It is opened where it stands in the tree. Roles that ended with it have to be given anew."
            ),
        )

    # -- parts

    def chosen_unit(self, request: HttpRequest, name: str) -> Unit | None:
        """The open unit that the address or the form names, or None."""
        number = whole_number((request.POST or request.GET).get(name, ""))
        return Unit.objects.filter(pk=number, closed_on__isnull=True).first() if number else None

    def _deed_page(
        self,
        request: HttpRequest,
        unit: Unit,
        form: forms.Form,
        deed: Callable[[dict[str, Any]], str],
        **context: Any,
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                return self.done(request, deed(form.cleaned_data), self.page_of(unit))
        return self.page(request, "admin/accounts/unit_deed.html", obj=unit, unit=unit, form=form, **context)
