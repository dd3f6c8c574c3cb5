"""Seats, lines and rounds once more, in plain lists: what the rules say, for machines that compare the portal with them.

Written from docs/locking.md and the rules of electives, not from the services. Refusals carry the name of the portal's own.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.concurrency.model_rows import (
    ASIDE,
    IN_LINE,
    JOINING,
    KINDS,
    LIVE,
    PROMOTION,
    RULES,
    STAFF,
    Entry,
    Person,
    Place,
    Refused,
    Topic,
    refuse_if,
)


@dataclass
class School:
    """`offer_hours` is None where a freed seat is given at once."""

    people: Sequence[Person]
    topics: Sequence[Topic]
    now: datetime
    closes_at: datetime
    max_picks: int
    offer_hours: int | None
    round_state: str = "open"
    change_closes_at: datetime | None = None
    places: list[Place] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    # --- what is --------------------------------------------------------------------------------------------------------------------

    def place(self, person: Person, topic: Topic) -> Place | None:
        return next((p for p in self.places if p.seated and p.person is person and p.topic is topic), None)

    def sitting(self, topic: Topic) -> list[Place]:
        return [place for place in self.places if place.seated and place.topic is topic]

    def line(self, topic: Topic) -> list[Entry]:
        """Those in line, the first first; `entries` are in the order of coming."""
        line = [entry for entry in self.entries if entry.topic is topic and entry.state in IN_LINE]
        return sorted(line, key=lambda entry: -entry.priority)

    def entry(self, person: Person, topic: Topic) -> Entry | None:
        mine = [one for one in self.entries if one.person is person and one.topic is topic]
        return next((one for one in mine if one.state in LIVE), None)

    def offers(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.state == "offered"]

    def counts(self, topic: Topic) -> dict[str, int]:
        sitting = self.sitting(topic)
        return {
            "capacity": topic.capacity,
            "taken": len(sitting),
            "reserved": topic.reserved,
            "reserved_taken": sum(place.on_reserved for place in sitting),
            "quota_taken": sum(place.counted for place in sitting),
        }

    def free(self, topic: Topic) -> tuple[int, int]:
        """Free seats that are kept for nobody, and free reserved ones."""
        count = self.counts(topic)
        kept = count["reserved"] - count["reserved_taken"]
        return count["capacity"] - count["taken"] - kept, kept

    def free_for(self, person: Person, topic: Topic) -> int:
        kept_for_nobody, kept = self.free(topic)
        return kept_for_nobody + (kept if person.unit == topic.kept_for else 0)

    def window(self) -> bool:
        if self.round_state == "change":
            return self.change_closes_at is not None and self.now < self.change_closes_at
        return self.round_state == "open" and self.now < self.closes_at

    def line_lives(self, topic: Topic) -> bool:
        return topic.state == "published" and self.now < topic.freezes_at

    # --- what the rules say ---------------------------------------------------------------------------------------------------------

    def speaks(self, rule: str, person: Person, topic: Topic, without: Place | None = None) -> bool:
        """Whether `rule` speaks against `person` getting a seat, as if the place `without` were given up already."""
        mine = [p for p in self.places if p.seated and p.person is person and p is not without]
        match rule:
            case "have it":
                return any(place.topic is topic for place in mine)
            case "topic":
                return topic.state != "published"
            case "window":
                return not self.window()
            case "group":
                return not person.admitted
            case "repeat":
                return topic.number in person.attended
            case "limit":
                return len(mine) >= self.max_picks
            case "quota":
                return person.unit == topic.limited and self.counts(topic)["quota_taken"] >= topic.most
            case "clash":
                return any(place.topic.number in topic.clashes for place in mine)
            case "line":
                others = [one for one in self.line(topic) if one.person is not person]
                return self.free_for(person, topic) > 0 and any(one.state == "waiting" for one in others)
            case _:
                return self.free_for(person, topic) <= 0

    def refusal(
        self, rules: Sequence[str], person: Person, topic: Topic, without: Place | None = None
    ) -> str | None:
        spoken = (KINDS[rule] for rule in rules if self.speaks(rule, person, topic, without))
        return next(spoken, None)

    # --- how seats move -------------------------------------------------------------------------------------------------------------

    @contextmanager
    def _moving(self, topic: Topic) -> Iterator[None]:
        """Once more seats are free than before, those who were skipped stand in line again."""
        before = self.free(topic)
        yield
        if any(after > earlier for after, earlier in zip(self.free(topic), before, strict=True)):
            for entry in self.line(topic):
                entry.state, entry.reason = "waiting", ""

    def _take(self, person: Person, topic: Topic, state: str = "enrolled", *, by_quota: bool = True) -> Place:
        """A reserved seat where one is free for the person; who has a place stands in line no more."""
        on_reserved = person.unit == topic.kept_for and self.free(topic)[1] > 0
        place = Place(person, topic, state, on_reserved, by_quota and person.unit == topic.limited)
        self.places.append(place)
        entry = self.entry(person, topic)
        if entry is not None and state == "enrolled":
            entry.end("accepted")
        return place

    def _leave(self, place: Place) -> None:
        with self._moving(place.topic):
            place.state = "withdrawn"

    def _end_line(self, topic: Topic) -> None:
        for entry in [entry for entry in self.entries if entry.topic is topic and entry.state in LIVE]:
            if entry.state == "offered" and entry.place is not None:
                self._leave(entry.place)
            entry.end("withdrawn")

    def _to_give_up(self, person: Person, topic: Topic) -> Place:
        """The place that may be given up now."""
        place = self.place(person, topic)
        if place is None:
            raise Refused("WrongState")
        refuse_if(topic.state != "published" or not self.window(), "WindowClosed")
        refuse_if(place.state != "enrolled", "WrongState")
        return place

    # --- what people do -------------------------------------------------------------------------------------------------------------

    def select(self, person: Person, topic: Topic) -> None:
        if kind := self.refusal(RULES, person, topic):
            raise Refused(kind)
        self._take(person, topic)

    def withdraw(self, person: Person, topic: Topic) -> None:
        self._leave(self._to_give_up(person, topic))

    def swap(self, person: Person, old: Topic, new: Topic) -> None:
        refuse_if(old is new, "InvalidInput")
        place = self._to_give_up(person, old)
        if kind := self.refusal(RULES, person, new, place):
            raise Refused(kind)
        self._leave(place)
        self._take(person, new)

    def join(self, person: Person, topic: Topic, wish: Topic | None) -> None:
        place = self._to_give_up(person, wish) if wish is not None else None
        if kind := self.refusal(JOINING, person, topic, place):
            raise Refused(kind)
        refuse_if(not self.line_lives(topic), "WindowClosed")
        refuse_if(self.entry(person, topic), "Duplicate")
        if self.free_for(person, topic) > 0 and not self.speaks("line", person, topic):
            # A line is for seats that are gone; who is kept from a free one by what is their own affair hears of that.
            kind = self.refusal(PROMOTION, person, topic, place) or "SeatFree"
            refuse_if(kind in {"SeatFree", "LimitReached", "Clash"}, kind)
        self.entries.append(Entry(person, topic, place))

    def leave_line(self, person: Person, topic: Topic) -> None:
        entry = self.entry(person, topic)
        if entry is None or entry.state == "offered":
            raise Refused("WrongState")
        entry.end("withdrawn")

    def accept(self, person: Person, topic: Topic) -> None:
        entry = self.entry(person, topic)
        if entry is None or entry.place is None or entry.until is None:
            raise Refused("WrongState")
        refuse_if(self.now >= entry.until, "WindowClosed")
        if entry.wish is not None and entry.wish.seated:
            refuse_if(entry.wish.topic.state != "published", "WindowClosed")
            self._leave(entry.wish)
        entry.place.state = "enrolled"
        entry.end("accepted")

    def decline(self, person: Person, topic: Topic) -> None:
        entry = self.entry(person, topic)
        if entry is None or entry.place is None:
            raise Refused("WrongState")
        self._leave(entry.place)
        entry.end("declined")

    # --- what staff do --------------------------------------------------------------------------------------------------------------

    def prefer(self, entry: Entry, priority: int) -> None:
        refuse_if(entry.state not in IN_LINE, "WrongState")
        entry.priority = priority

    def set_capacity(self, topic: Topic, seats: int) -> None:
        refuse_if(topic.state != "published", "WrongState")
        refuse_if(seats < len(self.sitting(topic)) + self.free(topic)[1], "InvalidInput")
        with self._moving(topic):
            topic.capacity = seats

    def reserve(self, topic: Topic, seats: int) -> None:
        count = self.counts(topic)
        refuse_if(topic.state != "published", "WrongState")
        refuse_if(seats < count["reserved_taken"], "InvalidInput")
        refuse_if(topic.capacity - seats < count["taken"] - count["reserved_taken"], "InvalidInput")
        with self._moving(topic):
            topic.reserved = seats

    def enrol(self, person: Person, topic: Topic, aside: str | None, old: Place | None = None) -> None:
        """`old` is the place that somebody is moved from."""
        found: list[str] = []
        for rule in STAFF:
            if self.speaks(rule, person, topic, old):
                found.append(rule)
                if rule not in ASIDE:
                    break
        standing = [rule for rule in found if rule != aside]
        if standing:
            raise Refused(KINDS[standing[0]])
        refuse_if(aside and aside not in found, "InvalidInput")
        if old is not None:
            self._leave(old)
        self._take(person, topic, by_quota=aside != "quota")

    def take_back(self, place: Place) -> None:
        refuse_if(place.topic.state != "published", "WindowClosed")
        refuse_if(place.state != "enrolled", "WrongState")
        self._leave(place)

    def move(self, place: Place, topic: Topic, aside: str | None) -> None:
        refuse_if(place.topic is topic, "InvalidInput")
        refuse_if(place.topic.state != "published", "WindowClosed")
        refuse_if(place.state != "enrolled", "WrongState")
        self.enrol(place.person, topic, aside, place)

    def close_round(self) -> None:
        refuse_if(self.round_state == "closed", "WrongState")
        self.round_state = "closed"

    def open_round(self) -> None:
        topics = [topic for topic in self.topics if topic.state == "published" and topic.capacity > 0]
        refuse_if(self.round_state != "closed" or self.now >= self.closes_at or not topics, "WrongState")
        self.round_state = "open"

    def open_change_window(self, until: datetime) -> None:
        refuse_if(self.round_state == "change" or until <= max(self.now, self.closes_at), "WrongState")
        self.round_state, self.change_closes_at = "change", until

    def cancel(self, topic: Topic) -> None:
        refuse_if(topic.state != "published", "WrongState")
        self._end_line(topic)
        for place in self.sitting(topic):
            place.state = "withdrawn"
        topic.state = "cancelled"

    def close(self, topic: Topic) -> None:
        """After everybody has been seen at every lesson."""
        self._end_line(topic)
        for place in self.sitting(topic):
            place.state = "completed"
        topic.state = "closed"

    # --- what goes by itself --------------------------------------------------------------------------------------------------------

    def walk(self, topic: Topic) -> None:
        """Ask those in line, the first first, while seats are free; then the lines of what was given up for a seat."""
        to_walk = [topic]
        for each in to_walk:
            asked: list[Entry] = []
            while (entry := self._next(each, asked)) is not None:
                wish = entry.wish if entry.wish is not None and entry.wish.seated else None
                kind = self.refusal(PROMOTION, entry.person, each, wish)
                if wish is not None and wish.topic.state != "published":
                    kind = "WindowClosed"
                if kind is not None:
                    entry.state, entry.reason = "skipped", kind
                    asked.append(entry)
                elif self.offer_hours is not None:
                    entry.place = self._take(entry.person, each, "held")
                    entry.end("offered")
                    entry.until = min(self.now + timedelta(hours=self.offer_hours), each.freezes_at)
                else:
                    if wish is not None:
                        self._leave(wish)
                        to_walk.append(wish.topic)
                    self._take(entry.person, each)

    def _next(self, topic: Topic, asked: list[Entry]) -> Entry | None:
        if not self.line_lives(topic) or sum(self.free(topic)) <= 0:
            return None
        return next((entry for entry in self.line(topic) if entry not in asked), None)

    def sweep(self) -> None:
        """Let offers lapse, end lines at their freeze date, walk those beside a free seat."""
        freed = set()
        for entry in self.offers():
            if entry.place is not None and entry.until is not None and entry.until <= self.now:
                self._leave(entry.place)
                entry.end("expired")
                freed.add(entry.topic)
        for topic in self.topics:
            if self.line(topic) and self.now >= topic.freezes_at:
                self._end_line(topic)
        for topic in [one for one in self.topics if one in freed or self._next(one, [])]:
            self.walk(topic)

    def standing(self) -> list[tuple[str, str]]:
        """What moves when lines are walked; alike before and after, all is quiet."""
        return [(place.state, "") for place in self.places] + [
            (one.state, one.reason) for one in self.entries
        ]

    def stranded(self) -> list[tuple[int, int]]:
        """Who stands in line beside a free seat that no rule keeps from them."""
        found = []
        for topic in filter(self.line_lives, self.topics):
            for entry in self.line(topic):
                wish = entry.wish if entry.wish is not None and entry.wish.seated else None
                lost = wish is not None and wish.topic.state != "published"
                if not lost and self.refusal(PROMOTION, entry.person, topic, wish) is None:
                    found.append((entry.person.number, topic.number))
        return found
