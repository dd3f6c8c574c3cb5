"""Pages of the register beside its forms: transfer, correction of the present posting, citizen numbers."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action

from partyschool.accounts.models import Unit
from partyschool.common.admin import PortalModelAdmin
from trainees.forms import CorrectPostingForm, LookUpForm, RevealForm, TransferForm
from trainees.models import Cadre, Posting
from trainees.services.citizen_numbers import find_by_citizen_no, reveal_citizen_no
from trainees.services.transfers import correct_posting, transfer_cadre


class CadrePages(PortalModelAdmin):
    """The postings under the cadre's form, and what is done to them; citizen numbers, always on record."""

    actions_list = ("look_up",)
    actions_detail = ("transfer", "correct", "training_record", "show_citizen_no")
    change_form_outer_after_template = "admin/trainees/_postings.html"

    def beside_form(self, request: HttpRequest, obj: Cadre) -> dict[str, Any]:
        postings = Posting.objects.of_cadre(obj).select_related("unit", "noted_by").order_by("-starts_on")
        return {"postings": list(postings)}

    @action(description=gettext_lazy("Training record"), icon="folder_open", url_path="training-record")
    def training_record(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the page of the portal that asks for the reason first."""
        cadre = self.get_or_404(request, object_id)
        return HttpResponseRedirect(reverse("trainees:record", args=[cadre.pk]), status=303)

    # -- postings

    def has_post_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("trainees.change_cadre")

    @action(description=gettext_lazy("Transfer"), icon="move_up", permissions=["post"])
    def transfer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cadre = self.get_or_404(request, object_id)

        def deed(form: TransferForm) -> str:
            posting = transfer_cadre(
                cadre_id=cadre.pk,
                to=form.facts(),
                on=form.cleaned_data["on"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
            return _("%(name)s serves in “%(unit)s” since %(day)s.") % {
                "name": cadre.name,
                "unit": posting.unit.name,
                "day": posting.starts_on.isoformat(),
            }

        return self._posting_page(
            request,
            cadre,
            TransferForm(request.POST or None, cadre=cadre),
            deed,
            title=_("Transfer"),
            button=_("Transfer"),
            explanation=_(
                "A new posting begins; the present one ends the day before and stays in the history. Results of earlier years stay with the unit of their year."
            ),
        )

    @action(
        description=gettext_lazy("Correct the present posting"),
        icon="edit_note",
        url_path="correct-posting",
        permissions=["post"],
    )
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cadre = self.get_or_404(request, object_id)

        def deed(form: CorrectPostingForm) -> str:
            correct_posting(
                cadre_id=cadre.pk,
                to=form.facts(),
                since=form.cleaned_data["on"],
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
            return _("The present posting of %(name)s is corrected.") % {"name": cadre.name}

        return self._posting_page(
            request,
            cadre,
            CorrectPostingForm(request.POST or None, cadre=cadre),
            deed,
            title=_("Correct the present posting"),
            button=_("Correct"),
            explanation=_(
                "Only for what was entered wrongly: no new posting begins. For a change in the person's service, use “Transfer”."
            ),
        )

    def _posting_page(
        self, request: HttpRequest, cadre: Cadre, form: Any, deed: Callable[[Any], str], **context: Any
    ) -> HttpResponse:
        open_units = Unit.objects.visible_to(request.user).filter(closed_on__isnull=True)
        self.search_for(form.fields["unit"], Cadre._meta.get_field("unit"), open_units)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                return self.done(request, deed(form), self.page_of(cadre))
        return self.page(
            request,
            "admin/trainees/posting.html",
            obj=cadre,
            cadre=cadre,
            form=form,
            **context,
        )

    # -- citizen numbers

    def has_reveal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("trainees.change_cadre")

    @action(
        description=gettext_lazy("Look up by citizen number"),
        icon="person_search",
        url_path="look-up",
        permissions=["reveal"],
    )
    @method_decorator(sensitive_post_parameters("number"))
    def look_up(self, request: HttpRequest) -> HttpResponse:
        """The number comes by POST alone and goes nowhere: not into the address, the session, the log or the trail."""
        form = LookUpForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                cadre = find_by_citizen_no(number=form.cleaned_data["number"], by=request.user)
                return HttpResponseRedirect(self.page_of(cadre))
        return self.page(
            request,
            "admin/trainees/look_up.html",
            title=_("Look up by citizen number"),
            form=form,
        )

    @action(
        description=gettext_lazy("Show the full citizen number"),
        icon="visibility",
        url_path="citizen-number",
        permissions=["reveal"],
    )
    def show_citizen_no(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cadre = self.get_or_404(request, object_id)
        form = RevealForm(request.POST or None)
        number = None
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                number = reveal_citizen_no(
                    cadre_id=cadre.pk, reason=form.cleaned_data["reason"], by=request.user
                )
        return self.page(
            request,
            "admin/trainees/citizen_number.html",
            title=_("Full citizen number"),
            obj=cadre,
            cadre=cadre,
            form=form,
            shown=number is not None,
            number=number,
        )
