from django import forms
from django.utils.translation import gettext_lazy as _


class PublishForm(forms.Form):
    """Why another mechanism than the announced one is published."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        required=False,
        help_text=_(
            "Everybody who looks at the draw reads it. Needed for another mechanism than the announced one."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
