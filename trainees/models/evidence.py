import uuid

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import Func, IntegerField
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.querysets import EvidenceQuerySet

from .cadres import Cadre
from .claims import CreditClaim
from .leaves import LeaveRequest
from .years import AssessmentObjection


class Evidence(ScopedModel):
    """A file that backs a claim, a leave or an objection of `cadre`; kept outside every web root, never changed, never removed.

    Written whole under its final name before this row is committed; `sha256` and `size` are those of the stored bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="evidence"
    )
    claim = models.ForeignKey(
        CreditClaim, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    leave = models.ForeignKey(
        LeaveRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    objection = models.ForeignKey(
        AssessmentObjection, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence"
    )
    name = models.CharField(_("file name"), max_length=150)
    content_type = models.CharField(_("content type"), max_length=100)
    storage_name = models.CharField(_("stored as"), max_length=200, unique=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    added_at = models.DateTimeField(_("added at"), default=clock.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("added by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [
            models.CheckConstraint(
                condition=Exact(
                    Func("claim", "leave", "objection", function="NUM_NONNULLS", output_field=IntegerField()),
                    1,
                ),
                name="trainees_evidence_owner_ck",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def open(self) -> File:
        """The stored bytes, opened for reading."""
        return default_storage.open(self.storage_name, "rb")
