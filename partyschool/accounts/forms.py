from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from .enums import Role
from .models import RoleGrant, Unit, User
from .rules import roles_against


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


class UnitChoiceField(forms.ModelChoiceField):
    """A unit of the tree, indented by its depth."""

    def label_from_instance(self, unit: Unit) -> str:  # type: ignore[override]  # a narrower model
        return "\u3000" * (unit.depth - 1) + unit.name


class UnitForm(forms.ModelForm):
    """A unit; a new one names the unit above it."""

    parent = UnitChoiceField(
        label=_("Unit above"),
        queryset=Unit.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label=_("(top of the tree)"),
    )

    class Meta:
        model = Unit
        fields = ["code", "name", "kind", "closed_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            self.fields["parent"].queryset = Unit.objects.filter(closed_on__isnull=True)  # type: ignore[attr-defined]  # a ModelChoiceField


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
