import zlib

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.crypto import decrypt_bytes, encrypt_bytes
from partyschool.common.scoping import ScopedModel
from trainees.enums import ImportPart, ImportState
from trainees.querysets import ImportPartQuerySet, ImportQuerySet


class CadreImport(ScopedModel):
    """A file of cadres that somebody handed in, what was found in it, and what became of it.

    Life: checking → unreadable | faulty | ready; ready → committed → undone. What is never committed is cleared away: → expired.
    `sha256` names the bytes that were checked, and only these are committed; `preview_sha256` names what the check promised, and a
    register that would no longer give the same preview refuses the commit. `unit` is the part of the register the file is for
    (empty: all of it). The file itself and what was found lie in `ImportContent`, encrypted, for as long as they are needed.
    """

    unit = models.ForeignKey(
        Unit,
        verbose_name=_("for the part of the register"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    effective_on = models.DateField(_("takes effect on"))
    name = models.CharField(_("file name"), max_length=150)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    state = models.CharField(_("state"), max_length=12, choices=ImportState, default=ImportState.CHECKING)
    preview_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    refusal = models.CharField(_("why it cannot be read"), max_length=300, blank=True)
    rows = models.PositiveIntegerField(_("people"), default=0)
    new = models.PositiveIntegerField(_("new people"), default=0)
    changed = models.PositiveIntegerField(_("changed people"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged people"), default=0)
    absent = models.PositiveIntegerField(_("not in the file"), default=0)
    faults = models.PositiveIntegerField(_("faults"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("handed in by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("handed in at"), default=clock.now)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    committed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken over by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    committed_at = models.DateTimeField(_("taken over at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("undone by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of cadres")
        verbose_name_plural = _("imports of cadres")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="trainees_cadreimport_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(state__in=(ImportState.COMMITTED, ImportState.UNDONE), committed_at__isnull=False)
                | (~Q(state__in=(ImportState.COMMITTED, ImportState.UNDONE)) & Q(committed_at__isnull=True)),
                name="trainees_cadreimport_committed_ck",
            ),
            models.CheckConstraint(
                condition=Q(state=ImportState.UNDONE, undone_at__isnull=False)
                | (~Q(state=ImportState.UNDONE) & Q(undone_at__isnull=True)),
                name="trainees_cadreimport_undone_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(ImportState.READY, ImportState.COMMITTED, ImportState.UNDONE))
                | Q(faults=0),
                name="trainees_cadreimport_faultless_ck",
            ),
        ]
        indexes = [models.Index(fields=["sha256", "-id"], name="trainees_cadreimport_file_ix")]

    def __str__(self) -> str:
        return self.name


class ImportContent(ScopedModel):
    """Bytes of an import, packed and encrypted for their place: the file, its marked-up copy, the preview, or what an undo needs.

    They hold citizen numbers and names of whole offices, so unlike other rows they go when their time is over.
    """

    cadre_import = models.ForeignKey(
        CadreImport, verbose_name=_("import of cadres"), on_delete=models.PROTECT, related_name="contents"
    )
    part = models.CharField(max_length=8, choices=ImportPart)
    token = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now)

    objects = ImportPartQuerySet.as_manager()

    class Meta:
        verbose_name = _("content of an import")
        verbose_name_plural = _("contents of imports")
        constraints = [
            models.UniqueConstraint(fields=["cadre_import", "part"], name="trainees_importcontent_once_uq"),
            models.CheckConstraint(
                condition=Q(part__in=ImportPart.values), name="trainees_importcontent_part_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cadre_import_id}: {self.part}"

    @staticmethod
    def _place(import_id: int, part: str) -> str:
        return f"trainees.ImportContent:{import_id}:{part}"

    @classmethod
    def sealed(cls, *, import_id: int, part: str, content: bytes) -> "ImportContent":
        """An unsaved row that holds `content`."""
        token = encrypt_bytes(zlib.compress(content, 1), place=cls._place(import_id, part))
        return cls(cadre_import_id=import_id, part=part, token=token)

    def opened(self) -> bytes:
        """The bytes. Raises `Undecryptable`."""
        return zlib.decompress(
            decrypt_bytes(bytes(self.token), place=self._place(self.cadre_import_id, self.part))
        )
