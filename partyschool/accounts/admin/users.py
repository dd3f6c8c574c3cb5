from typing import Any

from django.contrib import admin
from django.contrib.postgres.aggregates import StringAgg
from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from partyschool.accounts.enums import Role
from partyschool.accounts.forms import RoleGrantForm
from partyschool.accounts.models import RoleGrant, User
from partyschool.accounts.services.passwords import issue_start_password
from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, PortalTabularInline


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Role.choices)

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        if self.value() not in Role.values:
            return queryset
        holders = RoleGrant.objects.valid_on(clock.school_date()).filter(role=self.value())
        return queryset.filter(pk__in=holders.values("user"))


class RoleGrantInline(PortalTabularInline):
    """The grants of one user; those that exist are ended on their own page."""

    model = RoleGrant
    form = RoleGrantForm
    fields = ("role", "unit", "valid_from", "valid_until")
    autocomplete_fields = ("unit",)
    show_change_link = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = type("RoleGrantForm", (formset.form,), {"acting_user": request.user})
        return formset

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(PortalModelAdmin):
    """Accounts. A new one cannot log in before a start password is set."""

    list_display = ("full_name", "username", "role_names", "email", "is_active", "last_login")
    list_display_links = ("full_name",)
    list_filter = (RoleFilter, "is_active")
    search_fields = ("full_name", "username")
    ordering = ("username",)
    fields = (
        "username",
        "full_name",
        "email",
        "is_active",
        "start_password",
        "created_at",
        "last_login",
    )
    inlines = (RoleGrantInline,)
    actions_detail = ("set_start_password",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed = ("start_password", "created_at", "last_login")
        return (
            (*fixed, "username", "is_active")
            if obj == request.user
            else (*fixed, "username")
            if obj
            else fixed
        )

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.fields if obj else ("username", "full_name", "email")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        names = models.Case(
            *(models.When(role=role, then=models.Value(str(label))) for role, label in Role.choices)
        )
        valid = RoleGrant.objects.valid_on(clock.school_date()).filter(user=OuterRef("pk"))
        roles = (
            valid.order_by()
            .values("user")
            .annotate(names=StringAgg(names, "、", distinct=True))
            .values("names")
        )
        return super().get_queryset(request).annotate(role_names=Subquery(roles))

    def choice_label(self, obj: User) -> str:
        return _("%(name)s (%(login)s)") % {"name": obj.full_name, "login": obj.username}

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    @display(description=_("roles"))
    def role_names(self, user: User) -> str:
        return user.role_names  # type: ignore[attr-defined]  # annotated in get_queryset

    @display(description=_("password"))
    def start_password(self, user: User) -> Any:
        if not user.has_usable_password():
            return _("none set yet: set a start password")
        return _("start password, to be changed at log-in") if user.must_change_password else _("own")

    def has_change_user_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.change_user")

    @action(description=_("Set a start password"), icon="key", permissions=["change_user"])
    def set_start_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.get_or_404(request, object_id)
        password = ""
        if request.method == "POST":
            with self.attempt(request):
                password = issue_start_password(user_id=user.pk, by=request.user)
        return self.page(
            request,
            "admin/start_password.html",
            title=_("Set a start password"),
            obj=user,
            account=user,
            password=password,
        )
