from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from partyschool.accounts.forms import RoleGrantForm
from partyschool.accounts.models import RoleGrant
from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin


class ValidityFilter(admin.SimpleListFilter):
    title = _("validity")
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("now", _("Valid today")), ("not", _("Not valid today"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        valid = RoleGrant.objects.valid_on(clock.school_date()).values("pk")
        if self.value() == "now":
            return queryset.filter(pk__in=valid)
        return queryset.exclude(pk__in=valid) if self.value() == "not" else queryset


@admin.register(RoleGrant)
class RoleGrantAdmin(PortalModelAdmin):
    """A grant is given once and ended by its last day; whom it is for and what it is never changes."""

    form = RoleGrantForm
    list_display = ("user", "login_name", "role", "unit", "valid_from", "valid_until", "is_valid")
    list_filter = ("role", ValidityFilter)
    list_select_related = ("user", "unit")
    search_fields = ("user__full_name", "user__username", "unit__name")
    autocomplete_fields = ("user", "unit")
    ordering = ("-pk",)

    def get_readonly_fields(self, request: HttpRequest, obj: RoleGrant | None = None) -> tuple[str, ...]:
        return ("user", "role", "unit", "valid_from") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"acting_user": request.user})

    @display(description=_("login name"), ordering="user__username")
    def login_name(self, grant: RoleGrant) -> str:
        return grant.user.username

    @display(description=_("valid today"), boolean=True)
    def is_valid(self, grant: RoleGrant) -> bool:
        today = clock.school_date()
        return grant.valid_from <= today and (grant.valid_until is None or grant.valid_until >= today)
