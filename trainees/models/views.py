from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.querysets import SavedViewQuerySet


class SavedView(ScopedModel):
    """How somebody likes to see a list: filters, order and columns under a name of one's own.

    `query` is the address's query string. At most one view of a page opens by itself (`is_default`).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.PROTECT, related_name="saved_views"
    )
    page = models.CharField(_("page"), max_length=40)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("filters"), max_length=2000)
    is_default = models.BooleanField(_("opens with the page"), default=False)
    saved_at = models.DateTimeField(_("saved at"), default=clock.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="trainees_savedview_name_uq"),
            models.UniqueConstraint(
                fields=["user", "page"], condition=Q(is_default=True), name="trainees_savedview_default_uq"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="trainees_savedview_name_ck"),
        ]

    def __str__(self) -> str:
        return self.name
