"""``manage.py check_data``: whether the stored data keep the rules of the house."""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partyschool.common.integrity import all_checks, faults_of


class Command(BaseCommand):
    """Run every data check; silent when all is well, else one line per fault and exit status 1."""

    help = "Check the stored data: silent when all is well, else a line per fault and exit status 1."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which checks, and how much to print."""
        parser.add_argument("--only", nargs="+", metavar="CHECK", help="run only these checks")
        parser.add_argument(
            "--list", action="store_true", help="print the names of the checks and do nothing"
        )
        parser.add_argument(
            "--most", type=int, default=1000, help="lines to print of one check (default 1000)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the faults. Raises CommandError when there are any."""
        checks = all_checks()
        if options["list"]:
            self.stdout.write("\n".join(checks))
            return
        if unknown := set(options["only"] or ()) - set(checks):
            raise CommandError(f"No such check: {', '.join(sorted(unknown))}. --list names them.")
        found = 0
        for name in options["only"] or checks:
            faults = faults_of(checks[name])
            for fault in islice(faults, options["most"]):
                self.stdout.write(f"{name}: {fault}")
                found += 1
            if rest := sum(1 for _fault in faults):
                self.stdout.write(f"{name}: {rest} more")
                found += rest
        if found:
            raise CommandError(f"{found} faults.")
