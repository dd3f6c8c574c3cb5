"""Looking for a session of the forum."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ForumSearchForm(forms.Form):
    """Words of a session's title, announcement or speaker."""

    q = forms.CharField(
        label=_("Words of the topic or the speaker"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def words(self) -> str:
        """What was asked for; nothing where it is not valid."""
        return self.cleaned_data.get("q", "") if self.is_valid() else ""
