from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.accounts.rules import roles_against


class OwnPasswordForm(PasswordChangeForm):
    """A new password of one's own, which is not the one it replaces; a start password has then done its service."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (new := cleaned.get("new_password1")) and new == cleaned.get("old_password"):
            self.add_error("new_password1", _("The new password is the same as the old one."))
        return cleaned

    def save(self, commit: bool = True) -> User:
        self.user.must_change_password = False
        return super().save(commit)


class RoleGrantForm(forms.ModelForm):
    """A grant. `acting_user`, set by the admin, is whoever fills the form in: nobody grants roles to oneself."""

    acting_user: User | None = None

    class Meta:
        model = RoleGrant
        fields = ["user", "role", "unit", "valid_from", "valid_until"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        user = cleaned.get("user") or (self.instance.user if self.instance.user_id else None)
        role = cleaned.get("role") or self.instance.role
        if self.acting_user is not None and user == self.acting_user:
            raise ValidationError(
                _("You cannot grant or change your own roles; another system administrator has to do it.")
            )
        if user is not None and user.pk and role:
            others = RoleGrant.objects.filter(user=user).exclude(pk=self.instance.pk)
            start = cleaned.get("valid_from") or self.instance.valid_from
            held = [
                grant.role
                for grant in others
                if grant.valid_until is None or start is None or grant.valid_until >= start
            ]
            if against := roles_against(role, held):
                names = "、".join(str(Role(name).label) for name in against)
                raise ValidationError(
                    _("%(role)s must not be held together with: %(others)s."),
                    params={"role": Role(role).label, "others": names},
                )
        return cleaned
