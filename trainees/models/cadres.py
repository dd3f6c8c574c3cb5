from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partyschool.accounts.models import Unit
from partyschool.common.crypto import decrypt, encrypt, lookup_digest
from partyschool.common.scoping import ScopedModel
from trainees.enums import CadreCategory, Rank
from trainees.querysets import CadreQuerySet


class Cadre(ScopedModel):
    """A person who takes part in training: a cadre of some unit, with rank and category.

    `unit`, `rank`, `post` and `category` are those of the present posting, which began on `posted_on`; a trigger writes every change
    of them into the history (`Posting`). The citizen number is stored encrypted, found by a keyed hash and shown masked.
    """

    code = models.CharField(_("cadre number"), max_length=20, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cadre",
    )
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="cadres")
    rank = models.CharField(_("rank"), max_length=20, choices=Rank)
    category = models.CharField(_("category"), max_length=20, choices=CadreCategory)
    post = models.CharField(_("post"), max_length=60, blank=True)
    posted_on = models.DateField(
        _("in this post since"),
        null=True,
        blank=True,
        help_text=_("Empty on entry: since the day the cadre came on the register."),
    )
    term_until = models.DateField(_("term of office ends on"), null=True, blank=True)
    citizen_no_token = models.BinaryField(null=True, editable=False)
    citizen_no_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001 -- unknown numbers must not collide
    citizen_no_masked = models.CharField(_("citizen number"), max_length=18, blank=True, editable=False)
    joined_on = models.DateField(_("on the register since"))
    left_on = models.DateField(_("left the register on"), null=True, blank=True)

    objects = CadreQuerySet.as_manager()

    class Meta:
        verbose_name = _("cadre")
        verbose_name_plural = _("cadres")
        constraints = [
            models.CheckConstraint(condition=Q(rank__in=Rank.values), name="trainees_cadre_rank_ck"),
            models.CheckConstraint(
                condition=Q(category__in=CadreCategory.values), name="trainees_cadre_category_ck"
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=models.F("joined_on")),
                name="trainees_cadre_dates_ck",
            ),
            models.CheckConstraint(condition=Q(posted_on__isnull=False), name="trainees_cadre_posted_ck"),
        ]
        indexes = [
            models.Index(fields=["unit", "name", "id"], name="trainees_cadre_unit_ix"),
            models.Index(fields=["name", "id"], name="trainees_cadre_name_ix"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # As the database does on entry; said here too, so that the constraint finds the day when a form is checked.
        self.posted_on = self.posted_on or self.joined_on

    def _citizen_no_place(self) -> str:
        return f"trainees.Cadre.citizen_no:{self.code}"

    def set_citizen_no(self, number: str) -> None:
        """Store a valid, normalised citizen number (18 characters): encrypted, hashed for look-up, masked for display."""
        self.citizen_no_token = encrypt(number, place=self._citizen_no_place())
        self.citizen_no_digest = lookup_digest(number)
        self.citizen_no_masked = f"{number[:6]}********{number[-4:]}"

    def reveal_citizen_no(self) -> str:
        """The full citizen number, or ''. Whoever calls this records why in the audit trail."""
        return (
            decrypt(bytes(self.citizen_no_token), place=self._citizen_no_place())
            if self.citizen_no_token
            else ""
        )
