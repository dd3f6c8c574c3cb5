from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TraineesConfig(AppConfig):
    name = "trainees"
    verbose_name = _("Trainees and credits")

    def ready(self) -> None:
        """Listen to the floors below: who may pick, and how many belong to a unit, is known here only."""
        from courses.signals import round_opened, seats_changed  # noqa: PLC0415 -- models are loaded by now
        from trainees.selectors import unit_people  # noqa: F401, PLC0415 -- registers the census of units
        from trainees.services import deliveries  # noqa: F401, PLC0415 -- guards the files of packets taken back
        from trainees.services.announcements import announce_opening  # noqa: PLC0415 -- models are loaded by now
        from trainees.services.freed_seats import seats_have_changed  # noqa: PLC0415 -- models are loaded by now

        seats_changed.connect(seats_have_changed, dispatch_uid="trainees.freed_seats")
        round_opened.connect(announce_opening, dispatch_uid="trainees.announcements")
