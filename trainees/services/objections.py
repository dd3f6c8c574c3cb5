"""Objections to results that are not sealed yet: raised with evidence, answered with a reason, never by who raised them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, WindowClosed, WrongState
from partyschool.common.locking import lock_row, locking_transaction, violated_constraint
from trainees.enums import ObjectionState, YearState
from trainees.models import AssessmentObjection, AssessmentYear, CreditEntry, YearlyAssessment
from trainees.rules.moves import OBJECTION_MOVES, may_move
from trainees.selectors.objections import side_of

from .evidence import add_evidence
from .year_locks import refuse_sealed, share_year
from .year_notices import result_words, tell_about
from .years import write_results

TEXT_MOST = 2000


class NotOpenToObjections(WindowClosed):
    """Results are objected to in the objection period alone."""

    code = "no_objections"
    title = gettext_lazy("Objections are not taken now")
    remedy = gettext_lazy("Please ask the academic affairs office.")


class ObjectionStands(Duplicate):
    """One side raises one objection at a time."""

    code = "objection_stands"
    title = gettext_lazy("There is an objection to this result already")
    remedy = gettext_lazy("Wait for the answer, or withdraw the objection and raise another.")


class InvalidObjection(InvalidInput):
    """An objection or its answer says nothing, or too much."""


class ObjectionAnswered(WrongState):
    """The objection has been answered or withdrawn."""

    code = "objection_answered"
    title = gettext_lazy("This objection is not open any more")


class OwnObjection(WrongState):
    """Nobody answers what concerns oneself."""

    code = "own_objection"
    title = gettext_lazy("You cannot answer this objection")
    remedy = gettext_lazy("Ask a colleague to answer it.")


class NothingCorrected(WrongState):
    """An objection was right, but nothing has been put right."""

    code = "nothing_corrected"
    title = gettext_lazy("Nothing has been corrected yet")
    remedy = gettext_lazy(
        "Reverse or post the credit entries, or enter the exemption, then uphold the objection: the result is reckoned again with it."
    )


def raise_objection(
    *,
    assessment_id: int,
    text: str,
    files: Sequence[Any] = (),
    by: User,
    now: datetime | None = None,
) -> AssessmentObjection:
    """Object to one result, as its cadre or as a training officer of its unit, with evidence files.

    Raises `NotFound` for a result that `by` may not see, `PermissionDenied` for one that is neither the own nor the unit's,
    `NotOpenToObjections`, `ObjectionStands`, `InvalidObjection`, `EvidenceRefused`, `Busy`.
    Concurrency: shares the year's row, so that it is not sealed meanwhile; of two at once one stands (unique index).
    """
    now = now or clock.now()
    text = _said(text)
    try:
        with locking_transaction():
            assessment = _visible(assessment_id, by)
            held = share_year(assessment.year)
            _refuse_closed(held, now)
            # In force still: a row is superseded only when its year is sealed.
            objection = AssessmentObjection(
                assessment=assessment,
                text=text,
                by_unit=side_of(assessment, by) == "unit",
                raised_at=now,
                raised_by=by,
            )
            objection.save(force_insert=True)
            add_evidence(owner=objection, files=files, by=by, now=now)
            data = {"year": assessment.year, "by_unit": objection.by_unit, "files": len(files)}
            record_event(action="objection.raise", subject=objection, by=by, data=data, now=now)
    except IntegrityError as error:
        if violated_constraint(error) == "trainees_assessmentobjection_open_uq":
            raise ObjectionStands(_("It has not been answered yet.")) from error
        raise
    return objection


def withdraw_objection(*, objection_id: int, by: User, now: datetime | None = None) -> AssessmentObjection:
    """Take an objection back that `by` has raised. Raises `NotFound`, `ObjectionAnswered`, `Busy`. Concurrency: locks its row."""
    with locking_transaction():
        objection = _locked(objection_id)
        if objection.raised_by_id != by.pk:
            raise NotFound(_("There is no such objection of yours."))
        _refuse_ended(objection, ObjectionState.WITHDRAWN)
        objection.state = ObjectionState.WITHDRAWN
        objection.save(update_fields=["state"])
        record_event(action="objection.withdraw", subject=objection, by=by, now=now)
    return objection


def answer_objection(
    *, objection_id: int, upheld: bool, answer: str, by: User, now: datetime | None = None
) -> AssessmentObjection:
    """Answer an objection: rejected with the reason, or upheld with what was corrected, and the result reckoned again at once.

    What was wrong is put right before by the services of the ledger. Both sides are told, with the result before and after.
    Raises `NotFound`, `ObjectionAnswered`, `OwnObjection`, `NothingCorrected`, `InvalidObjection`, `YearSealed`, `Busy`.
    Concurrency: shares the year's row, locks the objection, then (upheld) the scheme's row.
    """
    now = now or clock.now()
    answer = _said(answer)
    year = AssessmentObjection.objects.filter(pk=objection_id).unscoped("answering one named objection")
    known = year.values_list("assessment__year", flat=True).first()
    if known is None:
        raise NotFound(_("There is no such objection."))
    with locking_transaction():
        held = share_year(known)
        refuse_sealed(held)
        objection = _locked(objection_id)
        _refuse_ended(objection, ObjectionState.UPHELD)
        before = _result(objection.assessment_id)
        if by.pk in (objection.raised_by_id, before.cadre.user_id):
            raise OwnObjection(_("It was raised by you, or concerns your own result."))
        after = before
        if upheld:
            write_results(held, by=by, now=now, only=before.cadre_id)
            after = _result(objection.assessment_id)
            if not _corrected_since(objection, after):
                raise NothingCorrected(result_words(after))
        objection.state = ObjectionState.UPHELD if upheld else ObjectionState.REJECTED
        objection.answer, objection.answered_at, objection.answered_by = answer, now, by
        objection.save(update_fields=["state", "answer", "answered_at", "answered_by"])
        data = {"state": objection.state, "before": str(before.counted), "after": str(after.counted)}
        record_event(action="objection.answer", subject=objection, by=by, data=data, now=now)
        _tell_answer(objection, before, after)
    return objection


def _said(text: str) -> str:
    text = text.strip()
    if not text or len(text) > TEXT_MOST:
        raise InvalidObjection(_("Say what is meant, in at most %(most)s characters.") % {"most": TEXT_MOST})
    return text


def _visible(assessment_id: int, by: User) -> YearlyAssessment:
    rows = YearlyAssessment.objects.visible_to(by).select_related("cadre", "unit")
    assessment = rows.filter(pk=assessment_id).first()
    if assessment is None:
        raise NotFound(_("There is no such result."))
    if side_of(assessment, by) is None:
        raise PermissionDenied
    return assessment


def _refuse_closed(held: AssessmentYear, now: datetime) -> None:
    if held.state != YearState.OBJECTION:
        raise NotOpenToObjections(
            _("The results of %(year)s are in the state “%(state)s”.")
            % {"year": held.year, "state": held.get_state_display()}
        )
    if held.objections_until is None or now > held.objections_until:
        until = clock.in_words(held.objections_until) if held.objections_until else "–"
        raise NotOpenToObjections(_("They were taken until %(time)s.") % {"time": until})


def _locked(objection_id: int) -> AssessmentObjection:
    try:
        return lock_row(AssessmentObjection, objection_id)
    except AssessmentObjection.DoesNotExist as error:
        raise NotFound(_("There is no such objection.")) from error


def _refuse_ended(objection: AssessmentObjection, state: str) -> None:
    if not may_move(OBJECTION_MOVES, objection.state, state):
        raise ObjectionAnswered(
            _("It is in the state “%(state)s”.") % {"state": objection.get_state_display()}
        )


def _result(pk: int) -> YearlyAssessment:
    rows = YearlyAssessment.versions.select_related("cadre__user", "unit")
    return rows.unscoped("the result that was objected to").get(pk=pk)


def _corrected_since(objection: AssessmentObjection, result: YearlyAssessment) -> bool:
    """Whether the result was written anew since the objection, or entries were posted that may have evened out."""
    if result.closed_at > objection.raised_at:
        return True
    entries = CreditEntry.objects.of_cadre(result.cadre_id).filter(year=result.year)
    return entries.filter(posted_at__gt=objection.raised_at).exists()


def _tell_answer(objection: AssessmentObjection, before: YearlyAssessment, after: YearlyAssessment) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        words = [objection.answer]
        if objection.state == ObjectionState.UPHELD:
            words.append(
                _("Before: %(before)s. Now: %(after)s.")
                % {"before": result_words(before), "after": result_words(after)}
            )
        title = _("Objection to the result of %(year)s: %(state)s") % {
            "year": after.year,
            "state": objection.get_state_display(),
        }
        if after.cadre.user_id != objection.raised_by_id:
            title = pgettext("name and subject", "%(name)s: %(subject)s") % {
                "name": after.cadre.name,
                "subject": title,
            }
        tell_about(
            after,
            event=f"objection.answer:{objection.pk}",
            title=title[:120],
            body=" ".join(words),
            also=[objection.raised_by],
        )
