from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import Role
from partyschool.common.ledger import LedgerEntry
from partyschool.common.scoping import EVERYTHING, NOBODY, ScopedModel, ScopedQuerySet

from .teachers import Teacher


class TeachingEntryQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> Q:
        if user.scope.whole_school or user.scope.has(Role.FINANCE):
            return EVERYTHING
        if user.scope.has(Role.TEACHER):
            return Q(teacher__user=user)
        return NOBODY


class TeachingEntry(ScopedModel, LedgerEntry):
    """Teaching done: `amount` is class-hours. Posted when an offering closes, one entry per lesson and teacher."""

    OWNER: ClassVar = "teacher_id"

    teacher = models.ForeignKey(
        Teacher, verbose_name=_("teacher"), on_delete=models.PROTECT, related_name="teaching_entries"
    )
    taught_on = models.DateField(_("taught on"))
    subject = models.CharField(_("subject"), max_length=120)

    objects = TeachingEntryQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        verbose_name = _("teaching entry")
        verbose_name_plural = _("teaching entries")
        indexes = [models.Index(fields=["teacher", "year"], name="faculty_teaching_owner_ix")]
