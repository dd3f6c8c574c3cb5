"""The one text of a draw: canonical JSON, so that the same draw always has the same SHA-256.

Keys sorted, no spaces, UTF-8 without escapes, lists sorted (topics, reservations, quotas and pairs by id, participants by ticket), numbers
whole. A ranking keeps its order.
"""

import hashlib
import json
from typing import Any

from .checks import check
from .content import FORMAT, Participant, SealedDraw, SealedDrawInvalid, Topic
from .pace import without_cycle_search
from .reading import read

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def seal(draw: SealedDraw) -> str:
    """The canonical text of the draw. Raises `SealedDrawInvalid` where it contradicts itself."""
    check(draw)
    return canonical(_plain(draw))


@without_cycle_search()
def parse(text: str) -> SealedDraw:
    """The draw of a canonical text. Raises `SealedDrawInvalid` with the place of the first fault; another writing of a draw is one."""
    try:
        text.encode()
        data = json.loads(text)
    except RecursionError:
        raise SealedDrawInvalid("text", "nested too deeply") from None
    except ValueError as fault:
        raise SealedDrawInvalid("text", f"not JSON in UTF-8: {fault}") from None
    draw = read(data)
    # Cheaper than to seal the draw again and compare, and the same: lists are found sorted while they are read.
    if canonical(data) != text:
        raise SealedDrawInvalid("text", "not in canonical form: keys sorted, no spaces, no escapes")
    check(draw)
    return draw


def fingerprint(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(data: Any) -> str:
    """JSON in the one form that all texts of a draw have."""
    return _ENCODER.encode(data)


def _plain(draw: SealedDraw) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "round": {"number": draw.number, "name": draw.name},
        "mechanism": draw.mechanism,
        "seed_hash": draw.seed_hash,
        "max_picks": draw.max_picks,
        "place_non_voters": draw.place_non_voters,
        "topics": [_plain_topic(one) for one in sorted(draw.topics, key=lambda topic: topic.id)],
        "conflicts": sorted(sorted(pair) for pair in draw.conflicts),
        "participants": [
            _plain_participant(one) for one in sorted(draw.participants, key=lambda person: person.ticket)
        ],
    }


def _plain_topic(topic: Topic) -> dict[str, Any]:
    return {
        "id": topic.id,
        "code": topic.code,
        "title": topic.title,
        "seats": topic.seats,
        "least": topic.least,
        "reserved": [
            {"id": one.id, "name": one.name, "seats": one.seats}
            for one in sorted(topic.reserved, key=lambda kept: kept.id)
        ],
        "quotas": [
            {"id": one.id, "name": one.name, "most": one.most}
            for one in sorted(topic.quotas, key=lambda quota: quota.id)
        ],
    }


def _plain_participant(person: Participant) -> dict[str, Any]:
    return {
        "ticket": person.ticket,
        "group": person.group,
        "at": person.at,
        "ranking": list(person.ranking),
        "barred": {str(topic): code for topic, code in person.barred.items()},
        "pools": {str(topic): sorted(pools) for topic, pools in person.pools.items()},
        "quotas": {str(topic): quota for topic, quota in person.quotas.items()},
        "picks": person.picks,
        "most": person.most,
    }
