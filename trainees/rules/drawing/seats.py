"""The seats of one topic while they are given: reserved ones for members, open ones for all, so many of each unit.

A member sits on a reserved seat first (of several own groups, the one with the lowest id), on an open one when those are taken. Where
neither is free, people who sit there move over to other seats of their own if that frees one: nobody is refused while any arrangement
of the same people leaves room.
"""

from .content import Participant, Topic

# Where somebody may sit: numbers of pools of the topic, reservations by id, the open seats last.
Pools = tuple[int, ...]


class Room:
    """One topic's seats. `given` counts those taken; `last` is the place in the order of who took one last."""

    def __init__(self, topic: Topic) -> None:
        kept = sorted(topic.reserved, key=lambda one: one.id)
        self.topic = topic
        self.reservations: tuple[int | None, ...] = (*(one.id for one in kept), None)
        self.free = [*(one.seats for one in kept), topic.seats - sum(one.seats for one in kept)]
        self.quota_left = {quota.id: quota.most for quota in topic.quotas}
        self.quota_most = dict(self.quota_left)
        self.given = 0
        self.last: int | None = None
        self._number = {one.id: number for number, one in enumerate(kept)}
        self._open = (len(kept),)
        self._sitting: list[dict[Pools, list[str]]] = [{} for _pool in self.free]
        self._pool_of: dict[str, int] = {}
        self._hopeless: set[Pools] = set()

    def pools_for(self, person: Participant) -> Pools:
        """Where the person may sit, in the order in which the seats are tried."""
        if not self._number:
            return self._open
        own = sorted(self._number[one] for one in person.pools.get(self.topic.id, ()))
        return (*own, *self._open)

    def has_quota(self, person: Participant) -> bool:
        """Whether the person's unit may have one more."""
        quota = person.quotas.get(self.topic.id)
        return quota is None or self.quota_left[quota] > 0

    def has_seat(self, person: Participant) -> bool:
        """Whether the person could sit down, others moving over if need be."""
        pools = self.pools_for(person)
        return any(self.free[pool] for pool in pools) or self._chain(pools) is not None

    def seat(self, person: Participant, place: int | None = None) -> bool:
        """Seat the person, who stands at `place` in the order; False when there is no room. The quota is to be asked before."""
        pools = self.pools_for(person)
        target = next((pool for pool in pools if self.free[pool]), None)
        if target is None:
            chain = self._chain(pools)
            if chain is None:
                return False
            target = self._move_over(chain)
        self.free[target] -= 1
        self._sit(person.ticket, pools, target)
        self.given += 1
        self.last = place
        quota = person.quotas.get(self.topic.id)
        if quota is not None:
            self.quota_left[quota] -= 1
        return True

    def reservation_of(self, ticket: str) -> int | None:
        """The reservation on whose seat somebody sits in the end; None for an open seat."""
        return self.reservations[self._pool_of[ticket]]

    def _sit(self, ticket: str, pools: Pools, pool: int) -> None:
        self._sitting[pool].setdefault(pools, []).append(ticket)
        self._pool_of[ticket] = pool

    def _chain(self, pools: Pools) -> list[tuple[int, Pools, int]] | None:
        """The shortest chain of moves (from, who by pools, to) from one of `pools`, all taken, to a free seat; None if there is none.

        Once there is none there never will be one: those who sit never leave.
        """
        if pools in self._hopeless or not any(self.free):
            return None
        came: dict[int, tuple[int, Pools] | None] = dict.fromkeys(pools)
        queue = list(pools)
        for source in queue:
            for movers in sorted(movers for movers, people in self._sitting[source].items() if people):
                for target in movers:
                    if target in came:
                        continue
                    came[target] = (source, movers)
                    queue.append(target)
                    if self.free[target]:
                        return _steps(came, target)
        self._hopeless.add(pools)
        return None

    def _move_over(self, chain: list[tuple[int, Pools, int]]) -> int:
        """Make the moves of a chain; returns the pool in which a seat is free now."""
        for source, movers, target in chain:
            self.free[target] -= 1
            self._sit(self._sitting[source][movers].pop(), movers, target)
            self.free[source] += 1
        return chain[-1][0]


def _steps(came: dict[int, tuple[int, Pools] | None], target: int) -> list[tuple[int, Pools, int]]:
    """The moves that lead to `target`, the last one first, so that each goes to a free seat."""
    steps = []
    while step := came[target]:
        steps.append((*step, target))
        target = step[0]
    return steps
