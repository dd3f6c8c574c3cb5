"""Times of a card reader, handed in for one offering: looked at first, then taken over."""

from datetime import datetime

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.admin_pages import View
from partyschool.common.attempts import denial_of
from partyschool.common.errors import Stale
from trainees.forms.check_ins_cards import CardsForm
from trainees.rules.check_ins_cards import Swipe
from trainees.services.check_ins_cards import CardPlan, Outcome, judge_cards, read_cards, take_cards

LOOKED_AT_SECONDS = 3600
ROWS_SHOWN = 300


class CardsMixin(ReadOnlyAdmin):
    """The page of the card reader beside the roster."""

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [("<key:offering_id>/cards/", "cards", self.cards_view), *super().own_pages()]

    def cards_view(self, request: HttpRequest, offering_id: int) -> HttpResponse:
        """A file is judged row by row; the second POST takes over exactly the rows that were shown."""
        offering = self.row_to_change(request, offering_id)
        form = CardsForm()
        plan: CardPlan | None = None
        sealed = request.POST.get("rows", "")
        if request.method == "POST":
            form = CardsForm() if sealed else CardsForm(request.POST, request.FILES)
            with self.attempt(request):
                if sealed:
                    done = take_cards(
                        offering_id=offering.pk, swipes=_opened(sealed, offering), by=request.user
                    )
                    return self.done(request, taken_text(done), self.page_of(offering))
                if form.is_valid():
                    swipes = read_cards(form.cleaned_data["file"].read())
                    plan = judge_cards(offering_id=offering.pk, swipes=swipes, by=request.user)
                    sealed = _sealed(plan, offering)
            if denial_of(request):
                sealed = ""
        shown = [row for row in plan.rows if row.outcome != Outcome.COUNTS] if plan else []
        return self.page(
            request,
            "admin/trainees/cards.html",
            title=_("Times of a card reader"),
            obj=offering,
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
