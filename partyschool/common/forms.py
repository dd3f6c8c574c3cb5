"""Form parts that several apps use."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget


class LoginNameForm(forms.ModelForm):
    """For a person's record whose `user` is linked by typing the login name: whoever keeps the records cannot list the accounts."""

    login_name = forms.CharField(
        label=_("login name"),
        max_length=60,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_(
            "The account of this person, once the system administrator has made one. Leave empty if there is none."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.user_id and "login_name" in self.fields:
            self.initial.setdefault("login_name", self.instance.user.get_username())

    def clean_login_name(self) -> str:
        name = self.cleaned_data["login_name"].strip()
        self.linked_user = None
        if not name:
            return ""
        self.linked_user = get_user_model().objects.filter(username=name).first()
        if self.linked_user is None:
            raise ValidationError(_("There is no account with this login name."))
        others = type(self.instance)._base_manager.filter(user=self.linked_user).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("This account belongs to another record already."))
        return name

    def _post_clean(self) -> None:
        if "login_name" in self.cleaned_data:
            self.instance.user = self.linked_user
        super()._post_clean()  # type: ignore[misc]  # a documented hook of ModelForm that the stubs leave out
