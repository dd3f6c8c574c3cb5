"""Correcting a sealed result: a further sealed row that names the one it corrects, with the reason. Nothing that was sealed changes."""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import Role
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, Stale, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AssessmentResult, ExemptionGround, MakeUpState, Rank, YearState
from trainees.models import MakeUpPlan, YearlyAssessment

from .carrying import CarryAdjusted, adjust_carried
from .year_locks import share_year
from .year_notices import holders, result_words, tell_about
from .years import judging

REASON_MOST = 400
AS_STORED = "stored"
"""The exemption, or the lack of one, that is on record for the year."""
JUDGED = "unit_id, jurisdiction_id, rank, earned, counted, total, figures, reasons, result, grade"


class NotSealed(WrongState):
    """Before sealing a result is not corrected but reckoned again."""

    code = "not_sealed"
    title = gettext_lazy("The result is not sealed")
    remedy = gettext_lazy("Put the credit entries or the exemption right, then close the year again.")


class NothingToCorrect(WrongState):
    """The result comes out as it stands."""

    code = "nothing_to_correct"
    title = gettext_lazy("There is nothing to correct")
    remedy = gettext_lazy(
        "Reverse or post the credit entries first, or state another rank or exemption; the result is reckoned from them."
    )


class NotOnRegister(WrongState):
    """The cadre is not on the register of that year any more, so nothing can be reckoned."""

    code = "not_on_register"
    title = gettext_lazy("The cadre is not on the register of that year")


class InvalidCorrection(InvalidInput):
    """A correction without a reason, or with a rank or ground that does not exist."""


class OwnResult(WrongState):
    """Nobody corrects the own result."""

    code = "own_result"
    title = gettext_lazy("You cannot correct your own result")
    remedy = gettext_lazy("Ask a colleague to do it.")


@dataclass(frozen=True)
class Stated:
    """What a correction states in place of the stored facts. `rank` "" and `ground` `AS_STORED`: as stored; `ground` "": no exemption."""

    rank: str = ""
    ground: str = AS_STORED


@dataclass(frozen=True)
class Judgement:
    """A result as the scheme that it was made under gives it from the present ledger."""

    unit_id: int
    jurisdiction_id: int | None
    rank: str
    earned: Decimal
    counted: Decimal
    needed: Decimal
    figures: list[Decimal | None]
    reasons: list[dict[str, Any]]
    result: str
    grade: str

    def differs_from(self, stored: YearlyAssessment) -> bool:
        return any(getattr(self, field.name) != getattr(stored, field.name) for field in fields(self))

    @property
    def digest(self) -> str:
        """What a page showed, so that nothing else is written than what was confirmed."""
        facts = [str(getattr(self, field.name)) for field in fields(self)]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def as_row(self, stored: YearlyAssessment) -> YearlyAssessment:
        """This judgement as a result of the same cadre and year, not saved."""
        made = YearlyAssessment(cadre_id=stored.cadre_id, year=stored.year, scheme_id=stored.scheme_id)
        for field in fields(self):
            setattr(made, field.name, getattr(self, field.name))
        made.bars_excellent = self.result == AssessmentResult.FAIL
        return made


def judge_again(stored: YearlyAssessment, stated: Stated, *, by: User, now: datetime) -> Judgement:
    """What the result `stored` would be now, under its own scheme, with what is stated. Nothing is written.

    Raises `InvalidCorrection`, `NotOnRegister`.
    """
    if stated.rank not in ("", *Rank.values) or stated.ground not in (
        AS_STORED,
        "",
        *ExemptionGround.values,
    ):
        raise InvalidCorrection(_("There is no such rank or ground of exemption."))
    statement = judging(
        stored.scheme,
        by=by,
        now=now,
        only=stored.cadre_id,
        stated=stated.ground != AS_STORED,
        ground=stated.ground if stated.ground in ExemptionGround.values else None,
        stated_rank=stated.rank or None,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{statement.text} SELECT {JUDGED} FROM found", statement.parameters)  # noqa: S608 -- joins text of the house
        row = cursor.fetchone()
    if row is None:
        raise NotOnRegister(_("Put the dates of joining and leaving right first."))
    unit, jurisdiction, rank, earned, counted, needed, figures, reasons, result, grade = row
    return Judgement(
        unit_id=unit,
        jurisdiction_id=jurisdiction,
        rank=rank,
        earned=earned,
        counted=counted,
        needed=needed,
        figures=list(figures),
        reasons=json.loads(reasons) if isinstance(reasons, str) else reasons,
        result=result,
        grade=grade,
    )


def correct_result(
    *,
    assessment_id: int,
    stated: Stated,
    reason: str,
    by: User,
    seen: str = "",
    now: datetime | None = None,
) -> YearlyAssessment:
    """Put a corrected result in the place of a sealed one; the old row stays, marked as superseded. Returns the new one.

    It is reckoned from the present ledger under the scheme of the old result, with the rank and exemption of `stated`. `seen` is the
    `Judgement.digest` that was confirmed, '' for none. Make-up training still planned ends if the cadre no longer failed; a surplus
    that was carried over already is brought into step by a further entry (`adjust_carried`). The cadre, the unit's officers, the
    organisation department and the school's leaders are told what it was, what it is, and why.
    Raises `NotFound`, `NotSealed`, `NothingToCorrect`, `NotOnRegister`, `InvalidCorrection`, `OwnResult`, `Stale`, `Busy`.
    Concurrency: shares the year's row, locks the result: of two corrections of one result the second finds it superseded; then shares
    the next year's row and locks its scheme in force.
    """
    now = now or clock.now()
    reason = reason.strip()
    if not reason or len(reason) > REASON_MOST:
        raise InvalidCorrection(
            _("Say why it is corrected, in at most %(most)s characters.") % {"most": REASON_MOST}
        )
    year = YearlyAssessment.versions.filter(pk=assessment_id).unscoped("correcting one named result")
    known = year.values_list("year", flat=True).first()
    if known is None:
        raise NotFound(_("There is no such result."))
    with locking_transaction():
        held = share_year(known)
        if held.state != YearState.SEALED:
            raise NotSealed(
                _("%(year)s is in the state “%(state)s”.")
                % {"year": known, "state": held.get_state_display()}
            )
        before = lock_row(YearlyAssessment, assessment_id)
        if before.superseded:
            raise Stale(_("This result has been corrected before; the newest version stands."))
        if before.cadre.user_id == by.pk:
            raise OwnResult
        judged = judge_again(before, stated, by=by, now=now)
        if seen and seen != judged.digest:
            raise Stale(_("Credits changed since the page was shown."))
        if not judged.differs_from(before):
            raise NothingToCorrect(result_words(before))
        after = _replace(before, judged, reason, by, now)
        if after.result != AssessmentResult.FAIL:
            _end_plans(after, by, now)
        data = {
            "year": known,
            "corrects": before.pk,
            "before": [before.grade, str(before.counted), str(before.needed)],
            "after": [after.grade, str(after.counted), str(after.needed)],
        }
        carried = adjust_carried(after, by=by, now=now)
        if carried:
            data["carried"] = [carried.year, str(carried.before), str(carried.after)]
        record_event(action="result.correct", subject=after, by=by, data=data, now=now)
        _tell(before, after, carried)
    return after


def _replace(
    before: YearlyAssessment, judged: Judgement, reason: str, by: User, now: datetime
) -> YearlyAssessment:
    with connection.cursor() as cursor:
        # The chain is whole again only with the second row.
        cursor.execute(
            'SET CONSTRAINTS "trainees_yearlyassessment_superseded_tg", "trainees_yearlyassessment_corrects_tg" DEFERRED'
        )
    before.superseded = True
    before.save(update_fields=["superseded"])
    after = judged.as_row(before)
    after.sealed, after.corrects, after.correction_reason = True, before, reason
    after.closed_at, after.closed_by = now, by
    after.save(force_insert=True)
    return after


def _end_plans(after: YearlyAssessment, by: User, now: datetime) -> None:
    plans = MakeUpPlan.objects.filter(
        assessment__cadre=after.cadre_id, assessment__year=after.year, state=MakeUpState.PLANNED
    ).unscoped("the plans of one cadre's year")
    with translation.override(settings.LANGUAGE_CODE):
        outcome = _("The result was corrected.")
    plans.update(state=MakeUpState.CANCELLED, ended_at=now, ended_by=by, outcome=outcome)


def _tell(before: YearlyAssessment, after: YearlyAssessment, carried: CarryAdjusted | None) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        body = _("Before: %(before)s. Now: %(after)s. Reason: %(reason)s") % {
            "before": result_words(before),
            "after": result_words(after),
            "reason": after.correction_reason,
        }
        if carried:
            body = f"{body}\n{carried.in_words()}"
        tell_about(
            after,
            event=f"result.correct:{after.pk}",
            title=_("Result of %(year)s corrected: %(name)s")
            % {"year": after.year, "name": after.cadre.name},
            body=body,
            also=[*holders(Role.ORGDEPT, after.unit), *holders(Role.LEADER)],
        )
