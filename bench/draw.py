"""What a fair draw costs, end to end: the sealed text is read, the seats are given, the outcome is written as text.

8 topics with seats for 8 in 10 people; a quarter of each topic is reserved for a group, units have quotas, one in ten people is in the
first priority group. Every person ranks all topics. The random serial dictatorship must take about as much time per person for
100,000 people as for 10,000. The exact solver is timed at 1,000 people and at the most it carries. Needs no server and no database.
"""

import argparse
import json
import random
import statistics
from functools import partial

import _ground

SEED = "bench"
TOPICS = 8


def sealed_text(people: int) -> str:
    """A round of so many people, the same for the same number."""
    from trainees.rules.drawing import Participant, Quota, Reservation, SealedDraw, Topic, commit, seal

    chance = random.Random(people)
    seats = people // 10
    ids = range(1, TOPICS + 1)
    topics = [
        Topic(
            number,
            f"T{number}",
            f"Topic {number}",
            seats,
            seats // 4,
            (Reservation(number, "group", seats // 4),),
            (Quota(number, "unit", seats // 3),),
        )
        for number in ids
    ]
    everybody = [
        Participant(
            ticket=f"{ticket:012x}",
            # Some topics are liked more than others, as in life.
            ranking=tuple(sorted(ids, key=lambda number: chance.random() + number * 0.08)),
            at=f"2026-03-01T{chance.randrange(24):02}:{chance.randrange(60):02}:00.000000Z",
            group=int(chance.random() > 0.1),
            most=1,
            pools={number: (number,) for number in ids} if chance.random() < 0.2 else {},
            quotas={number: number for number in ids} if chance.random() < 0.3 else {},
        )
        for ticket in chance.sample(range(2**48), people)
    ]
    return seal(
        SealedDraw(
            1, "Bench", "random_serial", commit(SEED), 1, False, tuple(topics), ((1, 2),), tuple(everybody)
        )
    )


def draw_once(text: str, mechanism: str) -> str:
    from trainees.rules.drawing import draw_by, outcome_text, parse

    return outcome_text(draw_by(mechanism, parse(text), SEED))


def measure_serial(options: argparse.Namespace, verdict: _ground.Verdict) -> None:
    texts = {people: sealed_text(people) for people in (options.small, options.large)}
    for mechanism in ("random_serial", "by_time"):
        taken = _ground.in_turn(
            {str(people): partial(draw_once, text, mechanism) for people, text in texts.items()},
            rounds=options.rounds,
        )
        each = {people: [seconds / people for seconds in taken[str(people)]] for people in texts}
        for people in texts:
            print(
                f"{mechanism}: {people:,} people × {TOPICS} topics in {statistics.median(taken[str(people)]):.2f} s"
            )
        verdict.tell(
            f"{mechanism}: time per person, large / small",
            _ground.ratio_of(each[options.large], each[options.small]),
            most=1.3,
        )


def measure_solver(options: argparse.Namespace) -> None:
    for people in options.solved:
        text = sealed_text(people)
        outcomes: list[str] = []
        taken = _ground.timed(
            lambda text=text, outcomes=outcomes: outcomes.append(draw_once(text, "best_total"))
        )
        placed = sum(1 for place in json.loads(outcomes[0])["participants"] if place["got"])
        print(
            f"best_total: {people:,} people × {TOPICS} topics in {taken:.2f} s, {placed:,} placed", flush=True
        )


def main() -> None:
    from trainees.rules.drawing.best_total import CARRIES

    parser = _ground.parser(__doc__)
    parser.add_argument("--small", type=int, default=10_000, help="people")
    parser.add_argument("--large", type=int, default=100_000, help="people")
    parser.add_argument(
        "--solved", type=int, nargs="+", default=[1_000, 5_000, CARRIES // TOPICS], help="people"
    )
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.quick:
        options.small, options.large, options.solved, options.rounds = 200, 400, [100], 1
    verdict = _ground.Verdict(quick=options.quick)
    measure_serial(options, verdict)
    measure_solver(options)
    verdict.leave()


if __name__ == "__main__":
    main()
