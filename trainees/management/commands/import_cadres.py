"""``manage.py import_cadres FILE.xlsx``: check a file of cadres; with ``--commit``, take over what was checked."""

import hashlib
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partyschool.accounts.models import Unit, User
from partyschool.accounts.selectors.staff import acting_staff
from partyschool.common import clock
from partyschool.common.errors import DomainError, NotFound
from trainees.enums import ImportPart, ImportState
from trainees.models import CadreImport
from trainees.rules.imports.faults import Fault
from trainees.selectors.imports import content_of, faults_in, newest_import
from trainees.services.import_commits import AnotherFile, RegisterChanged, commit_import
from trainees.services.imports import check_import, hand_in_file


class Command(BaseCommand):
    """Without `--commit` nothing is changed: every fault is printed as sheet!cell. Exit code 1 where there is one."""

    help = "Check a table of cadres (.xlsx, .xls, .csv) and print every fault; with --commit, take over the file that was checked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--commit", action="store_true", help="take the file over, if these very bytes were checked"
        )
        parser.add_argument(
            "--unit", metavar="CODE", help="the part of the register the file is for (default: all of it)"
        )
        parser.add_argument(
            "--on", type=date.fromisoformat, metavar="DAY", help="the day it takes effect (default: today)"
        )
        parser.add_argument(
            "--marked", type=Path, metavar="FILE.xlsx", help="where to write a copy with the faults marked"
        )
        parser.add_argument(
            "--by",
            metavar="LOGIN",
            help="login name of the member of staff (default: the first in the register)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            by = acting_staff(options["by"])
            content = path.read_bytes()
            if options["commit"]:
                self._commit(content, by)
            else:
                self._check(content, by, options)
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be read: %(why)s") % {"file": path, "why": error.strerror}
            ) from error
        except DomainError as error:
            raise CommandError("\n".join(str(line) for line in (error, error.what_to_do) if line)) from error

    def _check(self, content: bytes, by: User, options: dict[str, Any]) -> None:
        unit = None
        if options["unit"]:
            unit = Unit.objects.visible_to(by).filter(code=options["unit"]).first()
            if unit is None:
                raise NotFound(_("There is no unit with the code %(code)s.") % {"code": options["unit"]})
        handed_in = hand_in_file(
            name=options["file"].name,
            content=content,
            unit_id=unit.pk if unit else None,
            effective_on=options["on"] or clock.school_date(),
            by=by,
        )
        found = check_import(import_id=handed_in.pk, by=by)
        for fault in faults_in(found):
            self.stdout.write(fault_line(fault))
        if options["marked"] and (marked := content_of(found, ImportPart.MARKED)):
            options["marked"].write_bytes(marked)
        self.stdout.write(summary(found))
        if found.state == ImportState.UNREADABLE:
            raise CommandError(found.refusal)
        if found.state == ImportState.FAULTY:
            raise CommandError(
                ngettext(
                    "%(number)s fault; nothing can be taken over before it is mended.",
                    "%(number)s faults; nothing can be taken over before they are mended.",
                    found.faults,
                )
                % {"number": found.faults}
            )
        self.stdout.write(_("Nothing was changed. Take it over with --commit."))

    def _commit(self, content: bytes, by: User) -> None:
        found = newest_import(sha256=hashlib.sha256(content).hexdigest(), by=by)
        if found is None:
            raise AnotherFile(_("Nobody has checked a file with this content, or it has faults."))
        if found.state == ImportState.COMMITTED:
            self._again(found, content, by)
            return
        found = commit_import(import_id=found.pk, by=by)
        self.stdout.write(summary(found))
        self.stdout.write(_("Taken over."))

    def _again(self, found: CadreImport, content: bytes, by: User) -> None:
        """The file was taken over before: nothing is to be done, unless the register has moved on since."""
        handed_in = hand_in_file(
            name=found.name, content=content, unit_id=found.unit_id, effective_on=found.effective_on, by=by
        )
        checked = check_import(import_id=handed_in.pk, by=by)
        if checked.state != ImportState.READY or checked.new or checked.changed:
            raise RegisterChanged(_("The file was taken over before, and the register has changed since."))
        self.stdout.write(summary(checked))
        self.stdout.write(_("This file was taken over already; it changes nothing."))


def fault_line(fault: Fault) -> str:
    """`sheet!cell`, the heading, what stands there (masked), why it is wrong, how to mend it."""
    parts = (fault.place, fault.heading, fault.value, fault.reason, fault.remedy)
    return "\t".join(part or "–" for part in parts)


def summary(found: CadreImport) -> str:
    """The counts of an import in one line."""
    return _(
        "%(rows)s people: %(new)s new, %(changed)s changed, %(unchanged)s unchanged; %(absent)s of the register not in the file; %(faults)s faults."
    ) % {name: getattr(found, name) for name in ("rows", "new", "changed", "unchanged", "absent", "faults")}
