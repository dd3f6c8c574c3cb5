"""The conduct assessment of a class, as far as the class teacher carries it: opened by staff, scored, submitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, Stale, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.common.plaintext import single_line
from trainees.enums import ROSTER_STATES, ConductDimension, ConductState
from trainees.models import ConductScore, ConductSheet, ConductWeights, Enrolment
from trainees.rules.conduct import (
    ASSESSED_KINDS,
    Marking,
    Scores,
    dimension_scores,
    proposed_attitude,
    version_of,
)
from trainees.selectors.rosters import roster_rows

from .conduct_sheets import (
    ScoreOutOfRange,
    locked_sheet,
    require_complete,
    require_move,
    require_score,
    scores_of,
    tell_class_teacher,
)

COMMENT_MOST = ConductScore._meta.get_field("comment").max_length or 0


class NotAssessed(WrongState):
    """The offering is no class with a class teacher, or is not (any more) held."""

    code = "not_assessed"
    title = gettext_lazy("Conduct is not assessed here")
    remedy = gettext_lazy(
        "Conduct is assessed in published main and special classes that have a class teacher with an account."
    )


class NoWeights(WrongState):
    """The year has no weights yet."""

    code = "no_weights"
    title = gettext_lazy("The year has no weights of conduct")
    remedy = gettext_lazy("Enter under “Weights of conduct” what each dimension weighs in that year.")


class AlreadyOpened(Duplicate):
    """The class has its sheet."""

    code = "already_opened"
    title = gettext_lazy("The conduct of this class is being assessed already")
    remedy = gettext_lazy("Go on in the list of conduct assessments.")


class NotOnSheet(InvalidInput):
    """A score for somebody who is not on the roster of the class."""

    code = "not_on_sheet"
    title = gettext_lazy("Not on the roster of this class")
    remedy = gettext_lazy("Reload the page: the roster has changed.")


class ScoredMeanwhile(Stale):
    """Somebody else, or another window, has saved other scores since the page was opened."""

    code = "scored_meanwhile"


@dataclass(frozen=True)
class Entry:
    """What is entered for one trainee: scores by dimension (None clears one), the comment, and the version the form showed.

    Dimensions that are left out stay as they are, as does a comment of None. `seen` None asks for no check; an entry that says
    what `seen` said was not touched, and is left alone.
    """

    scores: Scores = field(default_factory=dict)
    comment: str | None = None
    seen: str | None = None

    @property
    def touched(self) -> bool:
        """Whether the form was changed by the person in front of it."""
        return self.seen is None or version_of(self.scores, single_line(self.comment or "")) != self.seen


def open_sheet(*, offering_id: int, by: User, now: datetime | None = None) -> ConductSheet:
    """Begin the conduct assessment of a class under the weights of its year; the class teacher is told.

    Raises `NotFound`, `NotAssessed`, `NoWeights`, `AlreadyOpened`, `Busy`.
    Concurrency: locks the offering row, so that of two presses the second finds the first one's sheet.
    """
    now = now or clock.now()
    with locking_transaction():
        offering = _class(offering_id)
        if ConductSheet.objects.filter(offering=offering).exists():
            raise AlreadyOpened(offering.title)
        weights = ConductWeights.objects.filter(year=offering.year).first()
        if weights is None:
            raise NoWeights(str(offering.year))
        sheet = ConductSheet.objects.create(offering=offering, weights=weights, opened_at=now)
        record_event(action="conduct.open", subject=sheet, by=by, data={"offering": offering.pk}, now=now)
        tell_class_teacher(
            sheet, event="open", title=gettext_noop("Please assess the conduct of the class “%(title)s”")
        )
    return sheet


def _class(offering_id: int) -> Offering:
    try:
        offering = lock_row(Offering, offering_id)
    except Offering.DoesNotExist as error:
        raise NotFound(_("There is no such offering.")) from error
    if offering.kind not in ASSESSED_KINDS:
        raise NotAssessed(
            _("“%(title)s” is of the kind “%(kind)s”.")
            % {"title": offering.title, "kind": offering.get_kind_display()}
        )
    if offering.state not in {OfferingState.PUBLISHED, OfferingState.CLOSED}:
        raise NotAssessed(_("It is in state “%(state)s”.") % {"state": offering.get_state_display()})
    if offering.lead_teacher is None or offering.lead_teacher.user_id is None:
        raise NotAssessed(_("“%(title)s” has no class teacher with an account.") % {"title": offering.title})
    return offering


def save_scores(*, sheet_id: int, entries: Mapping[int, Entry], by: User, now: datetime | None = None) -> int:
    """Store what the class teacher entered (enrolment id → `Entry`); returns how many trainees were changed. All or nothing.

    Raises `NotFound` (not the class teacher's sheet), `SheetClosed`, `NotOnSheet`, `ScoreOutOfRange`, `ScoredMeanwhile`, `Busy`.
    Concurrency: locks the sheet row, so that no score slips in behind a submission, and of two windows the later one is told.
    """
    now = now or clock.now()
    with locking_transaction():
        sheet = _own_sheet(sheet_id, by)
        require_move(sheet, ConductState.SUBMITTED)
        return _store(sheet, entries, by=by, now=now)


def fill_scores(
    *, sheet_id: int, dimension: str, value: int | None, by: User, now: datetime | None = None
) -> int:
    """Give everybody without a score in `dimension` the score `value`; None proposes attitude from attendance.

    Returns how many were filled in. Scores that stand are left alone. Raises as `save_scores`.
    Concurrency: as `save_scores`.
    """
    now = now or clock.now()
    if value is None and dimension != ConductDimension.ATTITUDE:
        raise ScoreOutOfRange(_("Only the score for attitude can be proposed from attendance."))
    with locking_transaction():
        sheet = _own_sheet(sheet_id, by)
        require_move(sheet, ConductState.SUBMITTED)
        stored = scores_of(sheet)
        entries: dict[int, Entry] = {}
        for row in roster_rows(sheet.offering, by):
            standing = stored.get(row.enrolment.pk)
            if standing is not None and getattr(standing, dimension, None) is not None:
                continue
            held = row.attended + row.missed
            score = value if value is not None else proposed_attitude(attended=row.attended, held=held)
            if score is not None:
                entries[row.enrolment.pk] = Entry({dimension: score})
        return _store(sheet, entries, by=by, now=now)


def submit_sheet(*, sheet_id: int, by: User, now: datetime | None = None) -> ConductSheet:
    """Hand the scored sheet over to moderation: from now on the class teacher changes nothing.

    Raises `NotFound`, `SheetClosed`, `Unscored` (names the first few), `Busy`.
    Concurrency: locks the sheet row; scores are counted behind the lock.
    """
    now = now or clock.now()
    with locking_transaction():
        sheet = _own_sheet(sheet_id, by)
        require_move(sheet, ConductState.SUBMITTED)
        require_complete(sheet)
        sheet.state, sheet.submitted_at, sheet.submitted_by = ConductState.SUBMITTED, now, by
        sheet.save(update_fields=["state", "submitted_at", "submitted_by"])
        record_event(action="conduct.submit", subject=sheet, by=by, now=now)
    return sheet


def _own_sheet(sheet_id: int, by: User) -> ConductSheet:
    """The sheet of a class that `by` leads, locked. Raises `NotFound` for anybody else's."""
    sheet = locked_sheet(sheet_id)
    teacher = sheet.offering.lead_teacher
    if teacher is None or teacher.user_id != by.pk:
        raise NotFound(_("There is no such conduct assessment."))
    return sheet


def _store(sheet: ConductSheet, entries: Mapping[int, Entry], *, by: User, now: datetime) -> int:
    marking, stored = Marking.of(sheet.weights), scores_of(sheet)
    entries = {pk: entry for pk, entry in entries.items() if entry.touched}
    _check(marking, sheet, entries, stored)
    changed = []
    for enrolment_id, entry in sorted(entries.items()):
        score = stored.get(enrolment_id) or ConductScore(sheet=sheet, enrolment_id=enrolment_id)
        before = version_of(dimension_scores(score), score.comment)
        for dimension, value in entry.scores.items():
            setattr(score, dimension, value)
        if entry.comment is not None:
            score.comment = single_line(entry.comment)
        if version_of(dimension_scores(score), score.comment) != before:
            score.scored_at, score.scored_by = now, by
            changed.append(score)
    for score in changed:
        score.save()
    if changed:
        data = {"enrolments": [score.enrolment_id for score in changed]}
        record_event(action="conduct.score", subject=sheet, by=by, data=data, now=now)
    return len(changed)


def _check(
    marking: Marking, sheet: ConductSheet, entries: Mapping[int, Entry], stored: Mapping[int, ConductScore]
) -> None:
    roster = Enrolment.objects.filter(
        offering=sheet.offering_id, state__in=ROSTER_STATES, pk__in=list(entries)
    ).unscoped("who may be scored on this sheet")
    if strangers := set(entries) - set(roster.values_list("pk", flat=True)):
        raise NotOnSheet(
            _("%(number)s of the scores belong to people who are not on the roster.")
            % {"number": len(strangers)}
        )
    stale = 0
    for enrolment_id, entry in entries.items():
        for dimension, value in entry.scores.items():
            require_score(marking, dimension, value)
        if entry.comment is not None and len(single_line(entry.comment)) > COMMENT_MOST:
            raise InvalidInput(_("A comment has at most %(most)s characters.") % {"most": COMMENT_MOST})
        standing = stored.get(enrolment_id)
        version = version_of(dimension_scores(standing), standing.comment if standing else "")
        stale += entry.seen is not None and entry.seen != version
    if stale:
        raise ScoredMeanwhile(
            _("The scores of %(number)s people were changed since you opened the page.") % {"number": stale}
        )
