"""``manage.py replay_draw ROUND``: repeat a draw from its sealed rankings and its seed, and say whether the outcome is the published one.

The last word is not translated, so that scripts can read it: ``identical``, or ``different: …`` and exit code 1.
"""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from courses.enums import Mechanism
from courses.models import SelectionRound
from partyschool.common.numbers import whole_number
from trainees.models import DrawPublication, SealedDraw
from trainees.rules.drawing import (
    SealedDrawInvalid,
    draw_by,
    fingerprint,
    measure,
    parse,
    parse_outcome,
    replay,
)


@dataclass(frozen=True)
class Published:
    """What a draw claims: two texts and a seed. `sealed_hash` is the fingerprint published at the close, where it is known."""

    sealed: str
    seed: str
    outcome: str
    sealed_hash: str = ""


class Command(BaseCommand):
    help = (
        "Repeat a published draw and compare: prints its figures and “identical”, or the first difference (exit 1). "
        "Of a round of this portal, or offline from the files that everybody can download."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("round", nargs="?", help="number or name of the round")
        parser.add_argument("--file", type=Path, help="the sealed rankings, as downloaded")
        parser.add_argument("--seed", default="", help="the published seed")
        parser.add_argument("--outcome", type=Path, help="the published outcome, as downloaded")

    def handle(self, *args: Any, **options: Any) -> None:
        published = _from_files(options) if options["file"] else _from_round(options["round"])
        try:
            mechanism = parse_outcome(published.outcome).mechanism
            found = replay(
                published.sealed,
                published.seed,
                published.outcome,
                mechanism,
                sealed_hash=published.sealed_hash,
            )
        except (SealedDrawInvalid, ValueError) as fault:
            raise CommandError(f"different: {fault}") from fault
        if found:
            raise CommandError(f"different: {found}")
        self._tell(published, mechanism)
        self.stdout.write("identical")

    def _tell(self, published: Published, mechanism: str) -> None:
        draw = parse(published.sealed)
        figures = measure(draw, draw_by(mechanism, draw, published.seed), published.seed)
        facts = {
            "name": draw.name,
            "number": draw.number,
            "mechanism": Mechanism(mechanism).label,
            "sealed": fingerprint(published.sealed),
            "outcome": fingerprint(published.outcome),
            "voters": figures.voters,
            "anything": figures.anything,
            "first": figures.first,
            "empty": figures.empty,
            "others": figures.placed_non_voters,
        }
        for line in (
            _("%(name)s (round %(number)s): %(mechanism)s"),
            _("Fingerprint of the sealed rankings: %(sealed)s"),
            _("Fingerprint of the outcome: %(outcome)s"),
            _(
                "%(voters)s ranked: %(anything)s were given something, %(first)s of them their first wish, %(empty)s nothing; "
                "%(others)s who ranked nothing were placed."
            ),
        ):
            self.stdout.write(line % facts)
        given = {one.topic: one.given for one in figures.topics}
        for topic in draw.topics:
            self.stdout.write(f"{topic.code}  {given[topic.id]} / {topic.seats}  {topic.title}")


def _from_files(options: dict[str, Any]) -> Published:
    if not options["seed"] or not options["outcome"]:
        raise CommandError(_("--file needs --seed and --outcome beside it."))
    try:
        sealed, outcome = (options[name].read_text(encoding="utf-8") for name in ("file", "outcome"))
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(str(fault)) from fault
    return Published(sealed, options["seed"].strip(), outcome)


def _from_round(name: str | None) -> Published:
    if not name:
        raise CommandError(_("Name a round, or give --file, --seed and --outcome."))
    number = whole_number(name)
    wanted = {"name": name} if number is None else {"pk": number}
    rounds = list(SelectionRound.objects.filter(mode="draw", **wanted))
    if len(rounds) != 1:
        raise CommandError(
            _("%(found)s draws are called “%(name)s”. Give the number of the round.")
            % {"found": len(rounds), "name": name}
        )
    publication = DrawPublication.objects.select_related("outcome").filter(selection_round=rounds[0]).first()
    if publication is None:
        raise CommandError(_("The draw “%(name)s” has not been published.") % {"name": rounds[0].name})
    sealed = SealedDraw.objects.get(selection_round=rounds[0])
    return Published(sealed.text, rounds[0].seed, publication.outcome.text, rounds[0].preferences_hash)
