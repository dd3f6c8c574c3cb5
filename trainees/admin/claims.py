"""The desk where staff judge credit claims, each with its files and the credits it would give."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from partyschool.common.errors import InvalidInput
from trainees.enums import ClaimState
from trainees.forms.claims import ClaimAnswerForm
from trainees.models import CreditClaim
from trainees.rules.claims import may_review
from trainees.selectors.claims import reckon_claim
from trainees.selectors.leaves import evidence_of
from trainees.services.claims import approve_claim, refuse_claim, return_claim

from .filters import CadreJurisdictionFilter

STATE_COLOURS = {
    ClaimState.SUBMITTED: "warning",
    ClaimState.RETURNED: "info",
    ClaimState.APPROVED: "success",
    ClaimState.REFUSED: "danger",
}


class EarnedYearFilter(YearFilter):
    """By the year of the credits."""

    column = "earned_on__year"


@admin.register(CreditClaim)
class CreditClaimAdmin(ReadOnlyAdmin):
    """Claims of cadres to credits for learning outside the school, oldest of those that wait first."""

    list_display = (
        "title",
        "cadre",
        "unit_name",
        "activity",
        "quantity",
        "earned_on",
        "state_label",
        "submitted_at",
    )
    list_display_links = ("title",)
    list_filter = ("state", "activity", EarnedYearFilter, CadreJurisdictionFilter)
    list_select_related = ("cadre__unit",)
    search_fields = ("title", "cadre__name", "=cadre__code")
    search_help_text = gettext_lazy("Title, name, or a cadre number written in full")
    ordering = ("-submitted_at", "-pk")
    sortable_by = ()

    @display(description=gettext_lazy("unit"))
    def unit_name(self, claim: CreditClaim) -> str:
        return claim.cadre.unit.name

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, claim: CreditClaim) -> tuple[str, str]:
        return claim.state, claim.get_state_display()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The claim with its files and reckoning; whoever may review decides here."""
        claim = self.row_to_see(request, object_id)
        writes = request.method == "POST"
        if writes:
            self.require_change(request)
        form = ClaimAnswerForm(request.POST or None)
        if writes and form.is_valid():
            with self.attempt(request, reread=claim):
                words = self._decide(request, claim, form.cleaned_data["answer"])
                return self.done(request, words, self.list_page())
        waits = claim.state == ClaimState.SUBMITTED
        return self.page(
            request,
            "admin/trainees/claim.html",
            title=_("Credit claim"),
            obj=claim,
            claim=claim,
            evidence=evidence_of(claim=claim),
            reckoning=reckon_claim(claim) if waits else None,
            waits=waits,
            second_person=may_review(request.user, claim),
            may_review=self.has_act_permission(request),
            form=form,
        )

    def _decide(self, request: HttpRequest, claim: CreditClaim, answer: str) -> str:
        deeds: dict[str, tuple[Callable[..., CreditClaim], str]] = {
            "approve": (approve_claim, _("“%(title)s” is recognised; the credits are posted.")),
            "return": (return_claim, _("“%(title)s” is returned to the cadre.")),
            "refuse": (refuse_claim, _("“%(title)s” is refused.")),
        }
        choice = request.POST.get("choice", "")
        if choice not in deeds:
            raise InvalidInput(_("Say whether you recognise, return or refuse it."))
        deed, words = deeds[choice]
        deed(claim_id=claim.pk, answer=answer, by=request.user)
        return words % {"title": claim.title}
