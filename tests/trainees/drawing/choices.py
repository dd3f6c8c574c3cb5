"""Real choices as a draw: `data/ariel5783.json`. Needs nothing but the engine, so that other environments can load it too."""

import hashlib
import json
from pathlib import Path

from trainees.rules.drawing.chance import commit
from trainees.rules.drawing.content import Participant, SealedDraw, Topic

DATA = Path(__file__).parent / "data"
# Seats for all, as it was; and so few that most courses are full.
AMPLE, SCARCE = 1, 12
SEEDS = [f"seed {number}" for number in range(6)]


def real_draw(seed: str, *, one_in: int = AMPLE, clashes: bool = True, bars: bool = True) -> SealedDraw:
    """The 26 students and 23 courses, with one seat in `one_in`; without clashes in time or personal bars if so wished."""
    data = json.loads((DATA / "ariel5783.json").read_text(encoding="utf-8"))
    ids = {name: number for number, name in enumerate(sorted(data["item_capacities"]), 1)}
    pairs = {
        tuple(sorted((ids[one], ids[other])))
        for one, others in data["item_conflicts"].items()
        for other in others
    }
    people = []
    for number, (student, values) in enumerate(sorted(data["valuations"].items())):
        wanted = sorted((-points, ids[name]) for name, points in values.items() if points > 0)
        people.append(
            Participant(
                ticket=hashlib.sha256(student.encode()).hexdigest()[:12],
                ranking=tuple(topic for _points, topic in wanted),
                at=f"2022-10-01T08:00:{number:02}.000000Z",
                most=data["agent_capacities"][student],
                barred={
                    ids[name]: "not_eligible" for name in data["agent_conflicts"].get(student, ()) if bars
                },
            )
        )
    return SealedDraw(
        number=5783,
        name="Ariel",
        mechanism="random_serial",
        seed_hash=commit(seed),
        max_picks=max(data["agent_capacities"].values()),
        place_non_voters=False,
        topics=tuple(
            Topic(number, f"C{number:02}", name, seats=max(1, data["item_capacities"][name] // one_in))
            for name, number in ids.items()
        ),
        conflicts=tuple(sorted((one, other) for one, other in pairs)) if clashes else (),
        participants=tuple(people),
    )
