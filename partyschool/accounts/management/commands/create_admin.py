"""``manage.py create_admin``: the first system administrator, who then makes all other accounts in the portal."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partyschool.accounts.services.administrators import create_administrator
from partyschool.common.errors import DomainError


class Command(BaseCommand):
    """Make an account with the system administrator's role and print its start password, once."""

    help = "Make an account with the system administrator's role and print its start password, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Login name and name."""
        parser.add_argument("login", nargs="?", default="admin", help="login name (default: admin)")
        parser.add_argument("--name", default="", help="name of the person (default: the login name)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the login name is taken."""
        try:
            password = create_administrator(username=options["login"], full_name=options["name"])
        except DomainError as refusal:
            raise CommandError(f"{refusal} {refusal.what_to_do}".strip()) from refusal
        self.stdout.write(f"Login name: {options['login'].strip()}")
        self.stdout.write(f"Start password: {password}")
        self.stdout.write("It is not kept anywhere else. Log in and change it.")
