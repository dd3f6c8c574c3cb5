"""What services did to one record, for the history page of that record."""

from typing import Any

from django.db.models import Model, Q

from partyschool.audit.models import AuditEvent
from partyschool.audit.rules import subject_of
from partyschool.common.deeds import Deed, tells_history

from .wording import deed_text

MOST = 200


@tells_history
def deeds_done_to(obj: Model, user: Any) -> list[Deed]:
    """The newest `MOST` deeds, newest first, for auditors and for those who may change such records; others get none.

    Edits in the administration are left out: that page lists them itself, with what was changed. Who opened the record is for auditors.
    """
    audits = user.has_perm("audit.view_auditevent")
    if not audits and not user.has_perm(f"{obj._meta.app_label}.change_{obj._meta.model_name}"):
        return []
    hidden = Q(action__endswith=".add") | Q(action__endswith=".change")
    if not audits:
        hidden |= Q(action__endswith=".view")
    events = AuditEvent.objects.filter(subject=subject_of(obj)).exclude(hidden)
    newest = events.unscoped("whoever works on a record sees what was done to it").select_related("actor")
    return [
        Deed(event.at, event.actor, deed_text(event.action), event.pk if audits else None)
        for event in newest.order_by("-pk")[:MOST]
    ]
