"""From decoded JSON to a draw: right keys, right types, and for every fault its place. What the values mean is `checks`' business."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar

from .content import FORMAT, Participant, Quota, Reservation, SealedDraw, SealedDrawInvalid, Topic

T = TypeVar("T")
# What a database's bigint holds.
LARGEST = 2**63 - 1
# What most participants have for most keys; one object for all of them.
_NOTHING: Mapping[int, Any] = MappingProxyType({})

DRAW_KEYS = {
    "format",
    "round",
    "mechanism",
    "seed_hash",
    "max_picks",
    "place_non_voters",
    "topics",
    "conflicts",
    "participants",
}
TOPIC_KEYS = {"id", "code", "title", "seats", "least", "reserved", "quotas"}
PARTICIPANT_KEYS = {"ticket", "group", "at", "ranking", "barred", "pools", "quotas", "picks", "most"}


def read(data: Any) -> SealedDraw:
    """The draw in `data` as `json.loads` gives it. Raises `SealedDrawInvalid`."""
    # Which format it is comes first: another one has other keys.
    if isinstance(data, dict) and (data.get("format") != FORMAT or type(data["format"]) is not int):
        raise SealedDrawInvalid("format", f"is not {FORMAT}")
    draw = _keys(data, "text", DRAW_KEYS)
    about = _keys(draw["round"], "round", {"number", "name"})
    return SealedDraw(
        number=_number(about["number"], "round.number"),
        name=_text(about["name"], "round.name"),
        mechanism=_text(draw["mechanism"], "mechanism"),
        seed_hash=_text(draw["seed_hash"], "seed_hash"),
        max_picks=_number(draw["max_picks"], "max_picks"),
        place_non_voters=_truth(draw["place_non_voters"], "place_non_voters"),
        topics=_sorted(draw["topics"], "topics", _topic, _id),
        conflicts=_sorted(draw["conflicts"], "conflicts", _pair, _self),
        participants=_sorted(draw["participants"], "participants", _participant, _ticket),
    )


def _topic(data: Any, where: str) -> Topic:
    topic = _keys(data, where, TOPIC_KEYS)
    return Topic(
        id=_number(topic["id"], f"{where}.id"),
        code=_text(topic["code"], f"{where}.code"),
        title=_text(topic["title"], f"{where}.title"),
        seats=_number(topic["seats"], f"{where}.seats"),
        least=_number(topic["least"], f"{where}.least"),
        reserved=_sorted(topic["reserved"], f"{where}.reserved", _reservation, _id),
        quotas=_sorted(topic["quotas"], f"{where}.quotas", _quota, _id),
    )


def _reservation(data: Any, where: str) -> Reservation:
    kept = _keys(data, where, {"id", "name", "seats"})
    return Reservation(
        _number(kept["id"], f"{where}.id"),
        _text(kept["name"], f"{where}.name"),
        _number(kept["seats"], f"{where}.seats"),
    )


def _quota(data: Any, where: str) -> Quota:
    quota = _keys(data, where, {"id", "name", "most"})
    return Quota(
        _number(quota["id"], f"{where}.id"),
        _text(quota["name"], f"{where}.name"),
        _number(quota["most"], f"{where}.most"),
    )


def _pair(data: Any, where: str) -> tuple[int, int]:
    pair = _list(data, where, _number)
    if len(pair) != 2:
        raise SealedDrawInvalid(where, "is not a pair of topics")
    _in_order(pair, where, _self)
    return pair[0], pair[1]


def _participant(data: Any, where: str) -> Participant:
    person = _keys(data, where, PARTICIPANT_KEYS)
    return Participant(
        ticket=_text(person["ticket"], f"{where}.ticket"),
        ranking=_list(person["ranking"], f"{where}.ranking", _number),
        at=_text(person["at"], f"{where}.at"),
        group=_number(person["group"], f"{where}.group"),
        most=_number(person["most"], f"{where}.most"),
        picks=_number(person["picks"], f"{where}.picks"),
        barred=_by_topic(person["barred"], f"{where}.barred", _text),
        pools=_by_topic(person["pools"], f"{where}.pools", _numbers),
        quotas=_by_topic(person["quotas"], f"{where}.quotas", _number),
    )


def _keys(data: Any, where: str, wanted: set[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SealedDrawInvalid(where, "is not an object")
    if data.keys() != wanted:
        lacking, strange = sorted(wanted - data.keys()), sorted(data.keys() - wanted)
        raise SealedDrawInvalid(
            where, f"lacks the key “{lacking[0]}”" if lacking else f"has the unknown key “{strange[0]}”"
        )
    return data


def _list(data: Any, where: str, item: Callable[[Any, str], T]) -> tuple[T, ...]:
    if not isinstance(data, list):
        raise SealedDrawInvalid(where, "is not a list")
    return tuple([item(one, f"{where}[{index}]") for index, one in enumerate(data)])


def _sorted(data: Any, where: str, item: Callable[[Any, str], T], key: Callable[[T], Any]) -> tuple[T, ...]:
    found = _list(data, where, item)
    _in_order(found, where, key)
    return found


def _in_order(items: tuple[T, ...], where: str, key: Callable[[T], Any]) -> None:
    """In the one order that a canonical text has; what is there twice is found by `checks`."""
    keys = [key(one) for one in items]
    if keys != sorted(keys):
        raise SealedDrawInvalid(where, "is not in canonical order")


def _self(value: Any) -> Any:
    return value


_id = attrgetter("id")
_ticket = attrgetter("ticket")


def _by_topic(data: Any, where: str, item: Callable[[Any, str], T]) -> Mapping[int, T]:
    if not isinstance(data, dict):
        raise SealedDrawInvalid(where, "is not an object")
    if not data:
        return _NOTHING
    found: dict[int, T] = {}
    for key, value in data.items():
        if not (key.isascii() and key.isdigit() and len(key) < 20 and key == str(int(key))):
            raise SealedDrawInvalid(where, f"has the key “{key}”, which is no topic's id")
        found[int(key)] = item(value, f"{where}.{key}")
    return found


def _numbers(data: Any, where: str) -> tuple[int, ...]:
    return _sorted(data, where, _number, _self)


def _number(data: Any, where: str) -> int:
    # True is an int to Python, not to us.
    if type(data) is not int or not 0 <= data <= LARGEST:
        raise SealedDrawInvalid(where, "is not a whole number from 0 on")
    return data


def _text(data: Any, where: str) -> str:
    if not isinstance(data, str):
        raise SealedDrawInvalid(where, "is not a text")
    return data


def _truth(data: Any, where: str) -> bool:
    if not isinstance(data, bool):
        raise SealedDrawInvalid(where, "is neither true nor false")
    return data
