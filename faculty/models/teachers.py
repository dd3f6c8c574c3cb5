from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from faculty.enums import Background, Employment, Honour, TitleLevel


class Teacher(models.Model):
    """Somebody who can teach at the school, full-time or part-time, in one pool."""

    code = models.CharField(_("staff number"), max_length=20, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="teacher",
    )
    employment = models.CharField(_("employment"), max_length=10, choices=Employment)
    background = models.CharField(_("background"), max_length=12, choices=Background)
    title = models.CharField(_("professional title or post"), max_length=60, blank=True)
    title_level = models.CharField(
        _("title level"), max_length=12, choices=TitleLevel, default=TitleLevel.NONE
    )
    field = models.CharField(_("field"), max_length=100, blank=True)
    honour = models.CharField(_("honour"), max_length=10, choices=Honour, default=Honour.NONE)
    joined_on = models.DateField(_("joined on"))
    left_on = models.DateField(_("left on"), null=True, blank=True)

    class Meta:
        verbose_name = _("teacher")
        verbose_name_plural = _("teachers")
        constraints = [
            models.CheckConstraint(
                condition=Q(employment__in=Employment.values), name="faculty_teacher_employment_ck"
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=models.F("joined_on")),
                name="faculty_teacher_dates_ck",
            ),
        ]

    def __str__(self) -> str:
        return self.name
