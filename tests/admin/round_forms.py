"""The form of a round, read and sent as a browser does."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from courses.models import SelectionRound
from partyschool.audit.models import AuditEvent


def address(page: str, found: SelectionRound) -> str:
    return reverse(f"admin:courses_selectionround_{page}", args=[found.pk])


def deeds() -> list[str]:
    return list(AuditEvent.objects.unscoped("tests").order_by("pk").values_list("action", flat=True))


def split(name: str, moment: Any) -> dict[str, str]:
    local = timezone.localtime(moment)
    return {f"{name}_0": local.strftime("%Y-%m-%d"), f"{name}_1": local.strftime("%H:%M:%S")}
