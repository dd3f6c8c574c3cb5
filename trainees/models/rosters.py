from django.utils.translation import gettext_lazy as _

from courses.models import Offering


class OfferingRoster(Offering):
    """An offering seen from those who take part: roll call, enrolment by hand and closing are pages of this floor."""

    class Meta:
        proxy = True
        verbose_name = _("roster")
        verbose_name_plural = _("rosters")
