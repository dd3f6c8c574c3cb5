from django.utils.translation import gettext_lazy as _

from courses.models import SelectionRound


class RoundDesk(SelectionRound):
    """A selection round seen from those who watch over it: live board, topics that are too small, demand, rosters."""

    class Meta:
        proxy = True
        verbose_name = _("round at the desk")
        verbose_name_plural = _("rounds at the desk")
