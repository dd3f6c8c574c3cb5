"""When a phone was last in contact with the portal: what it typed without network, it typed after that.

Who has no network keeps the time of what was typed; that time is believed only as far as nobody could have been told the code since. So
each page bears a signed mark of when it was shown, which the phone sends along, and the session remembers when pages were shown: what is
older than a page that had time to send it was not waiting on that phone.
"""

from datetime import UTC, datetime, timedelta

from django.core import signing

# A page that comes back to the network sends what waits at once; so long it may be kept from it (a busy portal, a weak network).
SENDING_TAKES = timedelta(minutes=15)
_SALT = "trainees.check_in.contact"
_KEPT_MOST = 40
_NEWS_AFTER = 60


def contact_mark(user_id: int, at: datetime) -> str:
    """What a page shown to `user_id` at `at` bears; whole seconds, so that nothing typed on it lies before it."""
    return signing.dumps([user_id, int(at.timestamp())], salt=_SALT)


def contact_of(mark: str, user_id: int) -> datetime | None:
    """When the page of `mark` was shown to `user_id`; None for a mark that the portal did not make, or made for somebody else."""
    try:
        owner, seconds = signing.loads(mark, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return datetime.fromtimestamp(seconds, UTC) if owner == user_id else None


def with_contact(kept: list[float], now: datetime) -> list[float]:
    """`kept` contacts (seconds) and one at `now`, without those that a later one makes useless."""
    return [*_useful(kept, now), int(now.timestamp())]


def is_news(kept: list[float], now: datetime) -> bool:
    """Whether a contact at `now` says more than the last one kept: within a minute it does not, and nothing is written for it."""
    return not kept or now.timestamp() - max(kept) >= _NEWS_AFTER


def settled_contact(kept: list[float], now: datetime) -> datetime | None:
    """The last contact that is long enough ago for what waited then to have been sent."""
    before = [one for one in kept if one <= (now - SENDING_TAKES).timestamp()]
    return datetime.fromtimestamp(max(before), UTC) if before else None


def _useful(kept: list[float], now: datetime) -> list[float]:
    settled = settled_contact(kept, now)
    least = settled.timestamp() if settled else 0
    return [one for one in kept if one >= least][-_KEPT_MOST:]
