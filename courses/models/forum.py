from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.enums import OfferingKind, OfferingState, RoundState

from .offerings import Offering


class ForumSessionQuerySet(models.QuerySet):
    def announced(self) -> "ForumSessionQuerySet":
        """Sessions that the public may know of: published ones, and those that were called off after people could enrol."""
        called_off = Q(state=OfferingState.CANCELLED, selection_round__isnull=False)
        return self.filter(
            Q(state__in=[OfferingState.PUBLISHED, OfferingState.CLOSED])
            | called_off & ~Q(selection_round__state=RoundState.DRAFT)
        )


class _ForumSessions(models.Manager.from_queryset(ForumSessionQuerySet)):  # type: ignore[misc]  # the stubs know no made base
    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(kind=OfferingKind.FORUM)


class ForumSession(Offering):
    """An open lecture of the forum. Its seats, round, enrolment, roll call and credits are those of any offering."""

    objects: ClassVar = _ForumSessions()

    class Meta:
        proxy = True
        verbose_name = _("forum session")
        verbose_name_plural = _("forum sessions")
