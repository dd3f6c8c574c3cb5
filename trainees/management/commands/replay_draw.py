"""Repeats a draw from its sealed rankings and its seed, and says whether the outcome is the very one that was published."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

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
        self.stdout.write(f"{draw.name} (round {draw.number}), {mechanism}")
        self.stdout.write(f"sealed rankings  {fingerprint(published.sealed)}")
        self.stdout.write(f"outcome          {fingerprint(published.outcome)}")
        self.stdout.write(
            f"{figures.voters} ranked: {figures.anything} were given something, {figures.first} their first wish, "
            f"{figures.empty} nothing; {figures.placed_non_voters} others placed"
        )
        given = {one.topic: one.given for one in figures.topics}
        for topic in draw.topics:
            self.stdout.write(f"{topic.code}  {given[topic.id]} of {topic.seats}  {topic.title}")


def _from_files(options: dict[str, Any]) -> Published:
    if not options["seed"] or not options["outcome"]:
        raise CommandError("--file needs --seed and --outcome beside it.")
    try:
        sealed, outcome = (options[name].read_text(encoding="utf-8") for name in ("file", "outcome"))
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandError(str(fault)) from fault
    return Published(sealed, options["seed"].strip(), outcome)


def _from_round(name: str | None) -> Published:
    if not name:
        raise CommandError("Name a round, or give --file, --seed and --outcome.")
    number = whole_number(name)
    wanted = {"name": name} if number is None else {"pk": number}
    rounds = list(SelectionRound.objects.filter(mode="draw", **wanted))
    if len(rounds) != 1:
        raise CommandError(f"{len(rounds)} draws are called “{name}”. Give the number of the round.")
    publication = DrawPublication.objects.select_related("outcome").filter(selection_round=rounds[0]).first()
    if publication is None:
        raise CommandError(f"The draw “{rounds[0].name}” has not been published.")
    sealed = SealedDraw.objects.get(selection_round=rounds[0])
    return Published(sealed.text, rounds[0].seed, publication.outcome.text, rounds[0].preferences_hash)
