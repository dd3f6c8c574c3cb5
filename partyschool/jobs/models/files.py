import uuid

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock

from .jobs import Job


class StoredFile(models.Model):
    """A file that a job made, kept outside every web root and served only by a view that checks the reader.

    Written whole under its final name before this row is committed; `sha256` and `size` are those of the stored bytes.
    A job has one file of a name, however often it was tried.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("file name"), max_length=150)
    content_type = models.CharField(_("content type"), max_length=100)
    storage_name = models.CharField(_("stored as"), max_length=200, unique=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    created_at = models.DateTimeField(_("created at"), default=clock.now)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="jobs_storedfile_once_uq")]

    def __str__(self) -> str:
        return self.name

    def open(self) -> File:
        """The stored bytes, opened for reading."""
        return default_storage.open(self.storage_name, "rb")
