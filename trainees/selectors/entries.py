"""One credit entry with all that stands behind it."""

from dataclasses import dataclass

from django.db.models import Q

from trainees.enums import EnrolmentState
from trainees.models import Cadre, CreditEntry, Enrolment

from .credits import EntryLine


@dataclass(frozen=True)
class EntryAccount:
    """An entry, the one that takes it back and the one it takes back, and whether attendance stands behind it."""

    line: EntryLine
    taken_back_by: CreditEntry | None
    attended: bool

    @property
    def entry(self) -> CreditEntry:
        return self.line.entry


def entry_account(cadre: Cadre, *, entry_id: int) -> EntryAccount | None:
    """The entry `entry_id` of `cadre`, who was read in the caller's scope; None if it is not one of the cadre's. At most 2 queries."""
    entries = CreditEntry.objects.of_cadre(cadre).filter(Q(pk=entry_id) | Q(reverses=entry_id))
    found = {
        entry.pk: entry for entry in entries.select_related("offering", "scheme", "posted_by", "reverses")
    }
    entry = found.pop(entry_id, None)
    if entry is None:
        return None
    back = next(iter(found.values()), None)
    places = Enrolment.objects.of_cadre(cadre).filter(offering=entry.offering_id)
    attended = entry.offering_id is not None and places.exclude(state=EnrolmentState.WITHDRAWN).exists()
    return EntryAccount(EntryLine(entry, back is not None), back, attended)
