"""Times of a card reader, handed in for one offering: looked at first, then taken over."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.errors import DomainError, Stale
from trainees.forms.check_ins_cards import CardsForm
from trainees.rules.check_ins_cards import Swipe
from trainees.services.check_ins_cards import CardPlan, Outcome, judge_cards, read_cards, take_cards

LOOKED_AT_SECONDS = 3600
ROWS_SHOWN = 300


class CardsMixin(ReadOnlyAdmin):
    """The page of the card reader beside the roster."""

    def card_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [path("<key:offering_id>/cards/", wrap(self.cards_view), name="trainees_offeringroster_cards")]

    def cards_view(self, request: HttpRequest, offering_id: int) -> HttpResponse:
        """A file is judged row by row; the second POST takes over exactly the rows that were shown."""
        self.require_change(request)
        offering = self.get_or_404(request, offering_id)
        form = CardsForm()
        plan: CardPlan | None = None
        sealed, status = request.POST.get("rows", ""), 200
        if request.method == "POST":
            form = CardsForm() if sealed else CardsForm(request.POST, request.FILES)
            try:
                if sealed:
                    done = take_cards(
                        offering_id=offering.pk, swipes=_opened(sealed, offering), by=request.user
                    )
                    messages.success(request, taken_text(done))
                    return HttpResponseRedirect(
                        reverse("admin:trainees_offeringroster_change", args=[offering.pk])
                    )
                if form.is_valid():
                    swipes = read_cards(form.cleaned_data["file"].read())
                    plan = judge_cards(offering_id=offering.pk, swipes=swipes, by=request.user)
                    sealed = _sealed(plan, offering)
            except DomainError as error:
                self.refuse(request, error)
                sealed, status = "", 409
        shown = [row for row in plan.rows if row.outcome != Outcome.COUNTS] if plan else []
        return self.page(
            request,
            "admin/trainees/cards.html",
            title=_("Times of a card reader"),
            obj=offering,
            status=status,
            offering=offering,
            form=form,
            plan=plan,
            counts=[(Outcome(name).label, number) for name, number in plan.counts.items()] if plan else [],
            counting=plan.counts[Outcome.COUNTS] if plan else 0,
            shown=shown[:ROWS_SHOWN],
            more=max(len(shown) - ROWS_SHOWN, 0),
            sealed=sealed,
            possible=offering.state == OfferingState.PUBLISHED,
        )


def taken_text(done: CardPlan) -> str:
    """What taking over a file did."""
    counts = done.counts
    return _("%(counts)s rows taken over; %(known)s were known, %(left)s left out.") % {
        "counts": counts[Outcome.COUNTS],
        "known": counts[Outcome.KNOWN],
        "left": counts[Outcome.AGAIN] + counts[Outcome.OUTSIDE] + counts[Outcome.FAULT],
    }


def _salt(offering: Offering) -> str:
    return f"trainees.cards.{offering.pk}"


def _sealed(plan: CardPlan, offering: Offering) -> str:
    """The rows that were shown, signed, so that exactly these are taken over."""
    rows = [[row.swipe.row, row.swipe.code, row.swipe.at.isoformat()] for row in plan.rows if row.swipe.at]
    return signing.dumps(rows, salt=_salt(offering), compress=True)


def _opened(sealed: str, offering: Offering) -> list[Swipe]:
    """The rows of `_sealed`. Raises `Stale` for what is too old or was not signed here."""
    try:
        rows = signing.loads(sealed, salt=_salt(offering), max_age=LOOKED_AT_SECONDS)
    except signing.BadSignature as error:
        raise Stale(
            _("The file was looked at too long ago."), remedy=_("Hand the file in once more.")
        ) from error
    return [Swipe(row, code, datetime.fromisoformat(at)) for row, code, at in rows]
