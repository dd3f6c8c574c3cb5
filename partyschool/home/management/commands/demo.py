"""``manage.py demo``: a made-up school to look at and to test with."""

from __future__ import annotations

from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from partyschool.common import clock
from partyschool.home.demo.accounts import NAMES, PASSWORD
from partyschool.home.demo.school import Demo, ForeignData, fill, found
from partyschool.home.demo.sizes import SIZES


class Command(BaseCommand):
    """Fill an empty portal with the demo school; where it stands already, only say who can log in."""

    help = "Fill an empty database with the demo school (refused when DEBUG is off) and print its log-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How large."""
        parser.add_argument(
            "--size", choices=SIZES, default="small", help="small: 300 cadres, city: 5,000, province: 100,000"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill, or leave alone, and print the log-ins. Raises CommandError outside DEBUG and over another school's data."""
        if not settings.DEBUG:
            raise CommandError("The demo school has known passwords: it is refused when DEBUG is off.")
        try:
            demo, finished = found()
        except ForeignData as error:
            raise CommandError(str(error.facts)) from error
        if demo is not None and demo.size.name != options["size"]:
            raise CommandError(
                f"The demo school of size {demo.size.name} is already here. Use an empty database for another."
            )
        if not finished:
            start = monotonic()
            fill(demo or Demo(SIZES[options["size"]], clock.now()), say=self.stdout.write)
            self.stdout.write(f"The demo school is filled ({monotonic() - start:.0f} s).")
        self.stdout.write(f"Log-ins: {' '.join(NAMES)} (and trainee2 … trainee9, orgdept2, orgdept3)")
        self.stdout.write(f"Password of all: {PASSWORD}")
