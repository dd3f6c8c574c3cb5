"""Versions of a year's credit scheme: a scheme in force is never edited, it is followed by a new version."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common.errors import NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import SchemeState
from trainees.models import (
    CreditCap,
    CreditPenalty,
    CreditRequirement,
    CreditRule,
    CreditScheme,
    CreditShare,
)
from trainees.selectors.schemes import faults_of

FIGURES: tuple[type[Model], ...] = (CreditRule, CreditCap, CreditRequirement, CreditShare, CreditPenalty)
"""What hangs on a scheme and stands with it."""


class NotDraft(WrongState):
    """Only a draft can be put in force."""

    code = "not_draft"
    title = gettext_lazy("This scheme is not a draft")


class SchemeUnsound(WrongState):
    """A scheme lacks figures, or its figures contradict each other: nobody could be judged by it, or everybody would pass."""

    code = "scheme_unsound"
    title = gettext_lazy("The scheme cannot be put in force as it is")
    remedy = gettext_lazy("Put the figures right in the draft, then put it in force.")


def copy_scheme(*, scheme_id: int, by: User, now: datetime | None = None) -> CreditScheme:
    """A draft with the next version number of the same year and all figures of the scheme.

    Raises `NotFound`, `WrongState` when somebody else made that version at the same moment, `Busy`.
    Concurrency: locks the scheme row; the unique version decides between rivals.
    """
    try:
        with locking_transaction():
            source = _locked(scheme_id)
            last = (
                CreditScheme.objects.filter(year=source.year)
                .order_by("-version")
                .values_list("version", flat=True)[0]
            )
            copy = CreditScheme.objects.get(pk=source.pk)
            copy.pk, copy.version, copy.state = None, last + 1, SchemeState.DRAFT
            copy._state.adding = True
            copy.save(force_insert=True)
            _copy_figures(source, copy)
            record_event(
                action="scheme.copy",
                subject=copy,
                by=by,
                data={"from": source.pk, "version": copy.version},
                now=now,
            )
    except IntegrityError as error:
        raise WrongState(_("Somebody else made a new version just now.")) from error
    return copy


def _copy_figures(source: CreditScheme, copy: CreditScheme) -> None:
    """Every row that hangs on a scheme, whatever columns it has."""
    for model in FIGURES:
        rows: list[Any] = list(model._base_manager.filter(scheme=source).order_by("pk"))
        for row in rows:
            row.pk, row.scheme, row._state.adding = None, copy, True
        model._base_manager.bulk_create(rows)


def put_in_force(*, scheme_id: int, by: User, now: datetime | None = None) -> CreditScheme:
    """Put a draft in force for its year; the version in force until now is retired.

    Raises `NotDraft`, `SchemeUnsound` (names every fault), `NotFound`, `Busy`.
    Concurrency: locks the year's scheme in force (as closing the year does), then the draft; one in force per year is unique.
    """
    with locking_transaction():
        year = CreditScheme.objects.filter(pk=scheme_id).values_list("year", flat=True).first()
        if year is None:
            raise NotFound(_("There is no such credit scheme."))
        before = (
            CreditScheme.objects.select_for_update(no_key=True)
            .filter(year=year, state=SchemeState.IN_FORCE)
            .first()
        )
        scheme = _locked(scheme_id)
        if scheme.state != SchemeState.DRAFT:
            raise NotDraft(
                _("“%(scheme)s” is %(state)s.") % {"scheme": scheme, "state": scheme.get_state_display()}
            )
        if faults := faults_of(scheme):
            raise SchemeUnsound(" ".join(faults))
        if before is not None:
            before.state = SchemeState.RETIRED
            before.save(update_fields=["state"])
        scheme.state = SchemeState.IN_FORCE
        scheme.save(update_fields=["state"])
        data = {"year": scheme.year, "version": scheme.version, "retired": before.version if before else None}
        record_event(action="scheme.put_in_force", subject=scheme, by=by, data=data, now=now)
    return scheme


def _locked(scheme_id: int) -> CreditScheme:
    try:
        return lock_row(CreditScheme, scheme_id)
    except CreditScheme.DoesNotExist as error:
        raise NotFound(_("There is no such credit scheme.")) from error
