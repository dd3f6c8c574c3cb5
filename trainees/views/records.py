"""The training record: the own one, somebody else's after a look-up with a reason, and up to four side by side."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.audit.selectors.wording import deed_text
from partyschool.common import clock
from partyschool.common.downloads import download_bytes
from partyschool.common.errors import DomainError, NotFound
from partyschool.common.numbers import whole_number
from partyschool.common.paging import keyset_page
from partyschool.common.pdf import BuiltDocument
from trainees.enums import CreditCategory
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.training_comparison import (
    build_comparison,
    build_comparison_pdf,
    comparison_facts,
    comparison_file_name,
)
from trainees.exporters.training_record import build_record, record_file_name
from trainees.forms import ReasonForm, RecordSearchForm
from trainees.models import Cadre
from trainees.selectors.looks import looks_at, looks_in_force
from trainees.selectors.record_lines import TrainingRecord
from trainees.selectors.record_words import cycle_text, promotion_text
from trainees.selectors.records import (
    COMPARED_MOST,
    FOUND_ORDER,
    found_cadres,
    training_record,
    training_records,
)
from trainees.services.records import look_up, record_export, record_print

from .organisation import READERS

PDF = "application/pdf"


# --- the own record ----------------------------------------------------------------------------------------------------------------------


def _own_cadre(request: HttpRequest) -> Cadre | None:
    own = Cadre.objects.visible_to(request.user).filter(user=request.user)
    return own.select_related("unit").first()


@policy(Role.TRAINEE)
@require_safe
def own_record(request: HttpRequest) -> HttpResponse:
    """The reader's own training record."""
    cadre = _own_cadre(request)
    if cadre is None:
        return render(request, "trainees/credits_nobody.html")
    return render(request, "trainees/record.html", {**_shown(cadre), "own": True})


@policy(Role.TRAINEE)
@require_safe
def own_record_file(request: HttpRequest) -> HttpResponseBase:
    """The own record as PDF."""
    cadre = _own_cadre(request)
    if cadre is None:
        raise Http404
    return _record_response(request, cadre, reason=_("own record"))


# --- somebody else's ---------------------------------------------------------------------------------------------------------------------


def _in_scope(request: HttpRequest) -> Any:
    """The cadres that the reader is responsible for; the own record has its own page."""
    cadres = Cadre.objects.visible_to(request.user)
    return cadres.filter(request.user.scope.unit_condition("unit__path")).select_related("unit")


@policy(*READERS)
@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """Find people by name or number; the record itself opens after a reason is given."""
    form = RecordSearchForm(request.GET or None)
    context: dict[str, Any] = {"form": form, "most": COMPARED_MOST}
    if form.is_valid():
        context["page"] = keyset_page(
            found_cadres(request.user, form.cleaned_data["q"]),
            order=FOUND_ORDER,
            size=20,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    return render(request, "trainees/records.html", context)


@policy(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, cadre_id: int) -> HttpResponse:
    """One person's record, once the reader has said why; each look-up is kept in the audit trail."""
    cadre = get_object_or_404(_in_scope(request), pk=cadre_id)
    if request.method == "POST":
        return _open(request, [cadre], then=reverse("trainees:record", args=[cadre.pk]))
    reason = looks_in_force(request.user, [cadre]).get(cadre.pk)
    if reason is None:
        return _ask(request, [cadre])
    return render(request, "trainees/record.html", {**_shown(cadre), "reason": reason, "own": False})


@policy(*READERS)
@require_safe
def record_file(request: HttpRequest, cadre_id: int) -> HttpResponseBase:
    """The record as PDF, on record; without a look-up that still holds the way leads to the question for the reason."""
    cadre = get_object_or_404(_in_scope(request), pk=cadre_id)
    reason = looks_in_force(request.user, [cadre]).get(cadre.pk)
    if reason is None:
        return HttpResponseRedirect(reverse("trainees:record", args=[cadre.pk]), status=303)
    record_print(cadre=cadre, reason=reason, by=request.user)
    return _record_response(request, cadre, reason=reason)


@policy(Role.AUDITOR)
@require_safe
def record_looks(request: HttpRequest, cadre_id: int) -> HttpResponse:
    """Who opened what of this person, when and why: for auditors."""
    cadre = get_object_or_404(_in_scope(request), pk=cadre_id)
    lines = [
        (event, deed_text(event.action), event.data.get("reason", ""))
        for event in looks_at(request.user, cadre)
    ]
    return render(request, "trainees/record_looks.html", {"cadre": cadre, "lines": lines})


# --- side by side ------------------------------------------------------------------------------------------------------------------------


def _chosen(request: HttpRequest) -> list[Cadre]:
    """The people named in the address or form, in that order. Raises 404 when one of them is not in scope, or nobody is named."""
    named = (request.POST if request.method == "POST" else request.GET).getlist("cadre")
    numbers = list(dict.fromkeys(whole_number(text) for text in named))
    if None in numbers or len(numbers) > COMPARED_MOST:
        raise NotFound(_("Choose two to %(most)s people.") % {"most": COMPARED_MOST})
    found = _in_scope(request).in_bulk(numbers)
    if not numbers or len(found) < len(numbers):
        raise Http404
    return [found[number] for number in numbers]


def _address(name: str, cadres: list[Cadre]) -> str:
    return f"{reverse(name)}?{urlencode([('cadre', cadre.pk) for cadre in cadres])}"


@policy(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def comparison(request: HttpRequest) -> HttpResponse:
    """Up to four people side by side, by the same rule: first the reason, one event per person."""
    cadres = _chosen(request)
    if len(cadres) == 1:
        return HttpResponseRedirect(reverse("trainees:record", args=[cadres[0].pk]), status=303)
    if request.method == "POST":
        return _open(request, cadres, then=_address("trainees:comparison", cadres))
    reasons = looks_in_force(request.user, cadres)
    if len(reasons) < len(cadres):
        return _ask(request, cadres)
    found = training_records(cadres)
    facts = comparison_facts(found)
    context = {
        "records": found,
        "facts": [(label, [(one, tell(one)) for one in found]) for label, tell in facts],
        "reason": reasons[cadres[0].pk],
        "file_url": _address("trainees:comparison_file", cadres),
        "print_url": _address("trainees:comparison_print", cadres),
    }
    return render(request, "trainees/comparison.html", context)


@policy(*READERS)
@require_safe
def comparison_file(request: HttpRequest) -> HttpResponseBase:
    """The comparison as a workbook, on record."""
    return _compared(request, _workbook)


@policy(*READERS)
@require_safe
def comparison_print(request: HttpRequest) -> HttpResponseBase:
    """The comparison in PDF, on record."""
    return _compared(request, _paper)


def _compared(request: HttpRequest, build: Callable[..., HttpResponseBase]) -> HttpResponseBase:
    """A file of the people of the address, once the reason was told; it is kept who took it along."""
    cadres = _chosen(request)
    reasons = looks_in_force(request.user, cadres)
    if len(reasons) < len(cadres):
        return HttpResponseRedirect(_address("trainees:comparison", cadres), status=303)
    reason = reasons[cadres[0].pk]
    record_export(cadres=cadres, reason=reason, by=request.user)
    facts = {"reason": reason, "printed_by": str(request.user), "now": clock.now()}
    return build(request, training_records(cadres), facts)


def _workbook(request: HttpRequest, records: list[TrainingRecord], facts: dict[str, Any]) -> HttpResponseBase:
    return download_bytes(build_comparison(records, **facts), name=comparison_file_name(), content_type=XLSX)


def _paper(request: HttpRequest, records: list[TrainingRecord], facts: dict[str, Any]) -> HttpResponseBase:
    document = build_comparison_pdf(records, **facts)
    _tell_missing(request, document)
    return download_bytes(document.content, name=comparison_file_name("pdf"), content_type=PDF)


# --- shared ------------------------------------------------------------------------------------------------------------------------------


def _shown(cadre: Cadre) -> dict[str, Any]:
    """A record with its cycle and promotion in words."""
    found = training_record(cadre)
    return {
        "record": found,
        "cycle_text": cycle_text(found.cycle) if found.cycle else "",
        "promotion_text": promotion_text(found.promotion) if found.promotion else "",
        "categories": [category.label for category in CreditCategory],
    }


def _ask(
    request: HttpRequest,
    cadres: list[Cadre],
    *,
    form: ReasonForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The question why these people are looked up; nothing of their records is shown yet."""
    context = {"cadres": cadres, "form": form or ReasonForm(), "refusal": refusal}
    return render(request, "trainees/record_reason.html", context, status=409 if refusal else 200)


def _open(request: HttpRequest, cadres: list[Cadre], *, then: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    form.is_valid()
    reason = form.cleaned_data.get("reason", "")
    try:
        look_up(cadre_ids=[cadre.pk for cadre in cadres], reason=reason, by=request.user)
    except NotFound:
        raise
    except DomainError as refusal:
        return _ask(request, cadres, form=form, refusal=refusal)
    return HttpResponseRedirect(then, status=303)


def _record_response(request: HttpRequest, cadre: Cadre, *, reason: str) -> HttpResponseBase:
    document = build_record(
        training_record(cadre), reason=reason, printed_by=str(request.user), now=clock.now()
    )
    _tell_missing(request, document)
    return download_bytes(document.content, name=record_file_name(cadre), content_type=PDF)


def _tell_missing(request: HttpRequest, document: BuiltDocument) -> None:
    if document.missing:
        named = ", ".join(dict.fromkeys(f"{one.char} ({one.code})" for one in document.missing))
        text = _("The PDF shows 〓 for characters that no font at hand has: %(characters)s.")
        messages.warning(request, text % {"characters": named[:200]})
