"""``manage.py messages``: keep the translation catalogues."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from partyschool.home.catalogue import Catalogue


class Command(BaseCommand):
    """Bring the Chinese catalogue up to date, check it, or only compile."""

    help = "Update and compile the translation catalogues; --check only tells what is missing or out of date."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of the two modes, or neither."""
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--check", action="store_true", help="change nothing; exit 1 with a line for each fault"
        )
        mode.add_argument("--compile", action="store_true", help="only write the binary catalogues")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the mode says."""
        catalogue = Catalogue(settings.BASE_DIR)
        if options["compile"]:
            catalogue.compile()
            return
        faults = catalogue.faults() if options["check"] else catalogue.update()
        for line in faults.lines():
            self.stdout.write(line)
        if options["check"]:
            if faults.lines():
                raise CommandError(f"{len(faults.lines())} faults. `make messages` updates the catalogue.")
            return
        catalogue.compile()
        self.stdout.write(f"{len(catalogue.read())} strings, {len(faults.lines())} still to do.")
