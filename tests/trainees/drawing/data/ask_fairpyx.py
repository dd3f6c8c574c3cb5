"""Record what fairpyx makes of the real choices: see the README beside this file."""

import json
import sys

import fairpyx

from tests.trainees.drawing.choices import AMPLE, SCARCE, SEEDS, real_draw
from trainees.rules.drawing.chance import order_of_chance
from trainees.rules.drawing.content import SealedDraw


def instance(draw: SealedDraw, *, unwanted: bool) -> fairpyx.Instance:
    """The draw as fairpyx knows it: the first of T topics is worth T. Without `unwanted`, nobody takes what they did not rank."""
    topics = [topic.id for topic in draw.topics]
    worth = {
        person.ticket: {
            topic: len(topics) - person.ranking.index(topic) if topic in person.ranking else 0
            for topic in topics
        }
        for person in draw.participants
    }
    return fairpyx.Instance(
        valuations=worth,
        agent_capacities={person.ticket: person.most for person in draw.participants},
        item_capacities={topic.id: topic.seats for topic in draw.topics},
        agent_conflicts={
            person.ticket: [
                topic
                for topic in topics
                if topic in person.barred or (topic not in person.ranking and not unwanted)
            ]
            for person in draw.participants
        },
        item_conflicts={
            topic: [other for pair in draw.conflicts if topic in pair for other in pair if other != topic]
            for topic in topics
        },
    )


def main() -> None:
    serial, totals = [], []
    for one_in in (AMPLE, SCARCE):
        for seed in SEEDS:
            draw = real_draw(seed, one_in=one_in)
            order = [person.ticket for person in order_of_chance(draw.participants, seed)]
            bundles = fairpyx.divide(
                fairpyx.algorithms.serial_dictatorship,
                instance=instance(draw, unwanted=False),
                agent_order=order,
            )
            serial.append({"one_in": one_in, "seed": seed, "order": order, "bundles": bundles})
    for one_in in (AMPLE, SCARCE, 2 * SCARCE, 40):
        draw = real_draw(SEEDS[0], one_in=one_in, clashes=False, bars=False)
        asked = instance(draw, unwanted=True)
        bundles = fairpyx.divide(fairpyx.algorithms.utilitarian_matching, instance=asked)
        total = sum(
            asked.agent_item_value(ticket, topic) for ticket, topics in bundles.items() for topic in topics
        )
        totals.append({"one_in": one_in, "points": int(total)})
    json.dump({"serial_dictatorship": serial, "utilitarian_matching": totals}, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
