"""What a merging would change, told before it is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from courses.enums import OfferingState, RoundState
from courses.models import RoundOpening, SeatReservation, SelectionRound, UnitQuota
from partyschool.accounts.models import RoleGrant, Unit
from partyschool.accounts.services.unit_merging import open_children
from partyschool.accounts.services.units import live_grants
from partyschool.common import clock
from partyschool.common.errors import DomainError
from trainees.enums import AssignmentState
from trainees.models import AssignmentQuota, Cadre

from .unit_people import people_of

OVER = [OfferingState.CLOSED, OfferingState.CANCELLED]


@dataclass(frozen=True)
class Named:
    """A plan that names the unit: what it gives (in words) and in which round, topic or class."""

    what: str
    where: str


@dataclass(frozen=True)
class MergePreview:
    """People and units that would move, roles that would end, and plans that would go on naming a unit without people."""

    people: int
    children: list[Unit]
    grants: list[RoleGrant]
    named: list[Named]
    denial: DomainError | None


def merge_preview(unit: Unit, into: Unit, denial: DomainError | None) -> MergePreview:
    """What merging `unit` into `into` today would do; both are open. `denial` is passed on to the page."""
    today = clock.school_date()
    people = Cadre.objects.filter(people_of(unit, today)).unscoped("a number of people").count()
    grants = live_grants(unit, today).select_related("user").order_by("pk")
    return MergePreview(people, open_children(unit), list(grants), list(plans_naming(unit)), denial)


def plans_naming(unit: Unit) -> Iterator[Named]:
    """Rounds, topics and classes that are not over and name `unit` itself."""
    rounds = SelectionRound.objects.exclude(state=RoundState.CLOSED)
    for name in rounds.filter(units=unit).order_by("pk").values_list("name", flat=True):
        yield Named(_("open to this unit"), name)
    openings = RoundOpening.objects.filter(unit=unit).exclude(selection_round__state=RoundState.CLOSED)
    for name in openings.order_by("pk").values_list("selection_round__name", flat=True):
        yield Named(_("opening for this unit"), name)
    for model, what in (
        (SeatReservation, _("seats kept for this unit")),
        (UnitQuota, _("quota of this unit")),
    ):
        rows: Any = model.objects.filter(unit=unit).exclude(offering__state__in=OVER)
        for title in rows.order_by("pk").values_list("offering__title", flat=True):
            yield Named(what, title)
    quotas = AssignmentQuota.objects.filter(unit=unit).exclude(
        assignment__state__in=[AssignmentState.CLOSED, AssignmentState.CANCELLED]
    )
    for title in quotas.order_by("pk").values_list("assignment__offering__title", flat=True):
        yield Named(_("quota of this unit for the class"), title)
