"""``manage.py close_year 2025``: give every cadre the result of the year."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partyschool.accounts.models import User
from partyschool.accounts.selectors.staff import acting_staff
from partyschool.common.errors import DomainError
from trainees.enums import YearState
from trainees.services.years import YearClosing, close_year


class Command(BaseCommand):
    """Close a year and print the counts and its state; a sealed year is refused. Running it again changes only what has changed since."""

    help = "Give every cadre on the register the result of a year, from the credit ledger and the scheme in force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument(
            "--by",
            metavar="LOGIN",
            help="login name of the member of staff who closes the year (default: the first in the register)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            by = acting_staff(options["by"])
            closing = close_year(year=options["year"], by=by)
        except DomainError as refusal:
            raise CommandError(f"{refusal} {refusal.what_to_do}".strip()) from refusal
        self._report(closing, by)

    def _report(self, closing: YearClosing, by: User) -> None:
        counts = {
            "year": closing.year,
            "login": by.get_username(),
            "total": closing.total,
            "passed": closing.passed,
            "failed": closing.failed,
            "exempt": closing.exempt,
            "changed": closing.changed,
        }
        self.stdout.write(_("%(year)s closed by %(login)s: %(total)s cadres assessed.") % counts)
        self.stdout.write(
            _(
                "Passed %(passed)s, failed %(failed)s, exempt %(exempt)s; %(changed)s results are new or changed."
            )
            % counts
        )
        self.stdout.write(_("State of the year: %(state)s.") % {"state": YearState(closing.state).label})
        if closing.provisional:
            self.stdout.write(
                _("The year is still running: these results are provisional. Close it again after its end.")
            )
        if closing.open_offerings:
            text = ngettext(
                "%(number)s offering with lessons in that year is not closed; its credits are not in yet.",
                "%(number)s offerings with lessons in that year are not closed; their credits are not in yet.",
                closing.open_offerings,
            )
            self.stdout.write(self.style.WARNING(text % {"number": closing.open_offerings}))
