"""The page on which an entry of a ledger is taken back: the one correction that ledgers know."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from .admin import ReadOnlyAdmin

REASON_MOST = 200


class ReversalForm(forms.Form):
    """Why an entry is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=REASON_MOST,
        strip=True,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, read_by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = read_by


class ReversibleEntries(ReadOnlyAdmin):
    """Over the admin of a ledger: `take_back(entry, reason, request)` calls the ledger's own service; `reason_read_by` says who reads why."""

    actions_detail: tuple[str, ...] = ("reverse",)
    reason_read_by: Any = gettext_lazy("It stands in the reversal and in the audit trail.")
    reversal_fields: tuple[str, ...] = ()

    def take_back(self, entry: Any, reason: str, request: HttpRequest) -> None:
        """Reverse `entry` by the service of this ledger. Raises `DomainError`."""
        raise TypeError(f"{type(self).__name__} must define take_back()")

    def has_reverse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        # Nothing in a ledger is changed; who might change it, may correct it by a reversal.
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        offered = super().get_actions_detail(request, object_id)
        entry = self.get_object(request, str(object_id))
        if entry is not None and can_be_reversed(entry):
            return offered
        return [one for one in offered if one.method.original_function_name != "reverse"]

    @action(description=gettext_lazy("Take back"), icon="undo", permissions=["reverse"])
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the entry says, why it is taken back, and a confirmation."""
        entry = self.get_or_404(request, object_id)
        form = ReversalForm(request.POST or None, read_by=self.reason_read_by)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                self.take_back(entry, form.cleaned_data["reason"], request)
                return self.done(
                    request,
                    _("The entry is taken back by a new entry of the opposite amount."),
                    self.page_of(entry),
                )
        return self.page(
            request,
            "admin/reverse_entry.html",
            title=_("Take an entry back"),
            obj=entry,
            facts=[self._fact(entry, name) for name in self.reversal_fields],
            possible=can_be_reversed(entry),
            back=self.page_of(entry),
            form=form,
        )

    def _fact(self, entry: Any, name: str) -> tuple[Any, Any]:
        if shown := getattr(self, name, None):
            return shown.short_description, shown(entry)
        display = getattr(entry, f"get_{name}_display", None)
        return self.opts.get_field(name).verbose_name, display() if display else getattr(entry, name)


def can_be_reversed(entry: Any) -> bool:
    """Whether `entry`, of any ledger, is an original that nobody has taken back yet."""
    return entry.reverses_id is None and getattr(entry, "reversal", None) is None
