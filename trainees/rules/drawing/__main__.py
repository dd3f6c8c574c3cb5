"""Replay a published draw from its files, with nothing but Python: `python -m trainees.rules.drawing SEALED SEED [OUTCOME]`.

With an outcome: compares, tells the first difference and ends with status 1, or tells that all is true. Without one: prints the outcome.
"""

import argparse
import sys
from pathlib import Path

from .content import MECHANISM_NAMES
from .mechanisms import draw_by, replay
from .outcome import outcome_text
from .sealed import parse


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m trainees.rules.drawing", description=__doc__)
    parser.add_argument("sealed", type=Path, help="file of the sealed draw")
    parser.add_argument("seed", help="the published seed")
    parser.add_argument("outcome", type=Path, nargs="?", help="file of the published outcome")
    parser.add_argument(
        "--mechanism", choices=MECHANISM_NAMES, help="another mechanism than the announced one"
    )
    parser.add_argument("--sealed-hash", default="", help="SHA-256 published when the round closed")
    asked = parser.parse_args()
    sealed = asked.sealed.read_text(encoding="utf-8")
    try:
        if asked.outcome is None:
            draw = parse(sealed)
            sys.stdout.write(outcome_text(draw_by(asked.mechanism or draw.mechanism, draw, asked.seed)))
            return 0
        published = asked.outcome.read_text(encoding="utf-8")
        found = replay(sealed, asked.seed, published, asked.mechanism, sealed_hash=asked.sealed_hash)
    except ValueError as fault:
        sys.exit(str(fault))
    print(found or "The outcome is what the sealed draw and the seed make of it.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
