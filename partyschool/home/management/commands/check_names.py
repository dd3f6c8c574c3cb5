"""``manage.py check_names``: which names no font at hand can print, before a document is made of them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trainees.selectors.glyphs import unprintable_texts


class Command(BaseCommand):
    """Silent when every name can be printed, else one line per name and exit status 1."""

    help = "Check that every name, post, unit and title can be printed: silent when all can, else a line per text and exit status 1."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the lines. Raises CommandError when there are any."""
        found = unprintable_texts()
        for one in found:
            self.stdout.write(f"{one.kind} {one.code}: {one.text}: {one.characters} ({one.code_points})")
        if found:
            raise CommandError(
                f"{len(found)} texts have characters that no font can print. Install a font with them: "
                "Debian's fonts-hanazono, or the school's own in EXTRA_FONT_DIR."
            )
