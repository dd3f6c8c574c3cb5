from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partyschool.accounts.permissions import role_allows
from partyschool.accounts.scope import Scope
from partyschool.common import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def with_grants(self) -> models.QuerySet:
        """Users with their valid role grants fetched in the same query."""
        from .grants import RoleGrant  # noqa: PLC0415 -- grants refer to users

        grants = RoleGrant.objects.valid_on(clock.school_date()).filter(user=OuterRef("pk"))
        return self.annotate(
            grant_rows=ArraySubquery(
                grants.order_by("pk").values(row=JSONObject(role="role", path="unit__path"))
            )
        )


class User(AbstractBaseUser):
    """A person who can log in. Rights come from `RoleGrant` rows alone: there is no superuser."""

    username = models.CharField(_("login name"), max_length=60, unique=True)
    full_name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(_("must change the password"), default=False, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["full_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name

    @cached_property
    def scope(self) -> Scope:
        """What this user may see, from the valid grants; read once per user object."""
        rows = getattr(self, "grant_rows", None)
        if rows is None:
            from .grants import RoleGrant  # noqa: PLC0415 -- grants refer to users

            grants = RoleGrant.objects.valid_on(clock.school_date()).filter(user=self)
            rows = [{"role": role, "path": path} for role, path in grants.values_list("role", "unit__path")]
        return Scope.from_grants(self.pk, rows if self.is_active else [])

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens to this user."""
        return self.scope.enters_admin

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and any(role_allows(role, perm) for role in self.scope.roles)

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and any(role_allows(role, f"{app_label}.") for role in self.scope.roles)
