"""What a seat claim through the real view costs, as a ratio to a no-op POST of the same server in the same run.

Real server (granian, 2 processes × 8 threads), PostgreSQL with fsync on, 200 persistent connections from a process of their own. Every
claim goes through session, CSRF, policy, all checks and the audit trail. Three loads of 5,000 cadres with a wish each, one in twenty
clicking twice: *win* (seats for all: the writing path), *rush* (8 topics × 40 seats) and *hot* (the same 320 seats in one topic).
Fails when a ratio or the slowest hundredth misses its bound, when a place was lost, oversold or left over, or a refusal gave no reason.
"""

import json
import os
import random
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import timedelta
from typing import Any

import _ground

LEAST_RATIO = {"win": 0.5, "rush": 0.6}
LEAST_HOT = 0.8
MOST_P99 = 1.0  # seconds
TOPICS = 8
RUSH_SEATS = 40  # of each topic
FIRE_SECONDS = 600  # the most that one volley may take
CONNECTIONS = 200
CADRES = 5000
PAST = 10  # offerings that each cadre attended before


def make_people() -> list[tuple[int, str, str]]:
    """Cadres who are logged in: (cadre id, session key, CSRF secret)."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    from partyschool.accounts.enums import Role, UnitKind
    from partyschool.accounts.models import RoleGrant, Unit, User
    from partyschool.common import clock
    from trainees.enums import CadreCategory, Rank
    from trainees.models import Cadre

    units = [Unit.objects.add_root({"code": "U0", "name": "市", "kind": UnitKind.CITY})]
    for number in range(1, 61):
        units.append(
            Unit.objects.add_child(
                units[0], {"code": f"U{number}", "name": f"单位{number}", "kind": UnitKind.BUREAU}
            )
        )
    users = User.objects.bulk_create(
        User(username=f"c{number}", full_name=f"干部{number}") for number in range(CADRES)
    )
    RoleGrant.objects.bulk_create(RoleGrant(user=user, role=Role.TRAINEE) for user in users)
    cadres = Cadre.objects.bulk_create(
        Cadre(
            code=user.username,
            name=user.full_name,
            user=user,
            unit=units[1 + number % 60],
            rank=Rank.TOWNSHIP_SECTION,
            category=CadreCategory.CIVIL_SERVANT,
            joined_on="2020-01-01",
        )
        for number, user in enumerate(users)
    )
    store, sessions = SessionStore(), []
    for user in users:
        data = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        sessions.append(
            Session(
                session_key=secrets.token_hex(16),
                session_data=store.encode(data),
                expire_date=clock.now() + timedelta(hours=8),
            )
        )
    Session.objects.bulk_create(sessions)
    make_past(users[0])
    return [
        (cadre.pk, session.session_key, secrets.token_hex(16))
        for cadre, session in zip(cadres, sessions, strict=True)
    ]


def make_past(by: Any) -> None:
    """Ten offerings that each cadre attended in earlier years, so that the tables are as full, and as known to the planner, as a school's."""
    from django.db import connection

    from courses.enums import CourseModule, OfferingKind, OfferingState
    from courses.models import Lesson, Offering, SeatCount
    from partyschool.common import clock

    for number in range(PAST * 4):
        start = clock.now() - timedelta(days=300 + 7 * number)
        offering = Offering.objects.create(
            code=f"past-{number}",
            kind=OfferingKind.ELECTIVE,
            title=f"往年专题{number}",
            year=2025,
            state=OfferingState.PUBLISHED,
            starts_on=start.date(),
            ends_on=start.date(),
        )
        SeatCount.objects.create(offering=offering, capacity=CADRES)
        Lesson.objects.create(
            offering=offering,
            title="讲座",
            starts_at=start,
            ends_at=start + timedelta(hours=3),
            hours=4,
            module=CourseModule.THEORY,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trainees_enrolment"
            " (cadre_id, offering_id, state, origin, created_at, created_by_id, ended_at, ended_by_id, reason)"
            " SELECT c.id, o.id, 'completed', 'selection', %(now)s, %(by)s, %(now)s, %(by)s, ''"
            " FROM trainees_cadre c JOIN courses_offering o ON o.id %% 4 = c.id %% 4",
            {"now": clock.now(), "by": by.pk},
        )
        cursor.execute("ANALYZE")


def make_round(name: str, seats: int, *, topics: int = TOPICS) -> list[int]:
    """An open round of `topics` topics with a lesson each, half a day apart; admits two ranks and the whole city."""
    from courses.enums import CourseModule, OfferingKind, OfferingState, RoundState
    from courses.models import Lesson, Offering, SeatCount, SelectionRound
    from partyschool.accounts.models import Unit
    from partyschool.common import clock
    from trainees.enums import Rank

    now = clock.now()
    made = SelectionRound.objects.create(
        year=2026,
        name=name,
        state=RoundState.OPEN,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
        max_picks=2,
        ranks=[Rank.TOWNSHIP_SECTION, Rank.STAFF],
    )
    made.units.add(Unit.objects.get(code="U0"))
    numbers = []
    first = now + timedelta(days=SelectionRound.objects.count() * 10)
    for number in range(topics):
        offering = Offering.objects.create(
            code=f"{made.pk}-{number}",
            kind=OfferingKind.ELECTIVE,
            title=f"专题{number}",
            year=2026,
            state=OfferingState.PUBLISHED,
            starts_on=first.date(),
            ends_on=first.date(),
            selection_round=made,
        )
        SeatCount.objects.create(offering=offering, capacity=seats)
        start = first + timedelta(hours=12 * number)
        Lesson.objects.create(
            offering=offering,
            title="讲座",
            starts_at=start,
            ends_at=start + timedelta(hours=3),
            hours=4,
            module=CourseModule.THEORY,
        )
        numbers.append(offering.pk)
    return numbers


def start_server(port: int) -> subprocess.Popen[bytes]:
    log = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface=wsgi",
        "--host=127.0.0.1",
        f"--port={port}",
        "--workers=2",
        "--blocking-threads=8",
    ]
    command += [
        "--blocking-threads-idle-timeout=600",
        "--no-ws",
        "--log-level=warning",
        "partyschool.wsgi:application",
    ]
    server = subprocess.Popen(
        command, cwd=_ground.PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    for _attempt in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=2)
        except urllib.error.HTTPError:
            return server  # it answers; 400 for the foreign Host is an answer too
        except OSError:
            if server.poll() is not None:
                log.seek(0)
                sys.exit(f"the server ended:\n{log.read().decode()}")
            time.sleep(0.1)
        else:
            return server
    os.killpg(server.pid, signal.SIGKILL)
    sys.exit("the server did not start")


def spread(requests: list[list[Any]]) -> list[list[Any]]:
    """Deal the requests out to the connections, keeping their order."""
    return [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]


def fire(port: int, connections: list[list[Any]]) -> dict[str, Any]:
    plan = json.dumps({"port": port, "connections": connections})
    done = subprocess.run(
        [sys.executable, _ground.PROJECT / "bench/_client.py"],
        input=plan,
        capture_output=True,
        text=True,
        check=True,
        timeout=FIRE_SECONDS,
    )
    result = json.loads(done.stdout)
    answered = sum(len(statuses) for statuses in result["statuses"])
    result["unanswered"] = sum(map(len, connections)) - answered
    result["rate"] = answered / result["seconds"]
    return result


def no_op_load(people: list[tuple[int, str, str]]) -> list[list[Any]]:
    return spread([["/bench/no-op/", session, csrf] for _cadre, session, csrf in people])


def claim_load(
    people: list[tuple[int, str, str]], topics: list[int], *, clicks_twice: float
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Every cadre wants one of the topics. Returns the requests per connection and, in the same order, who wanted what."""
    requests, wishes = [], []
    for number, (cadre, session, csrf) in enumerate(people):
        topic = topics[number % len(topics)]
        for _click in range(2 if random.random() < clicks_twice else 1):
            requests.append([f"/electives/{topic}/select/", session, csrf])
            wishes.append((cadre, topic))
    return spread(requests), spread(wishes)


def audit_round(topics: list[int], wishes: list[list[Any]], result: dict[str, Any]) -> Counter[str]:
    """What went wrong: places told but not there, there but not told, more than seats, seats left over, faults."""
    from courses.models import SeatCount
    from trainees.models import Enrolment

    told = Counter()
    faults: Counter[str] = Counter({"unanswered": result["unanswered"]})
    for wanted, statuses in zip(wishes, result["statuses"], strict=True):
        for wish, status in zip(wanted, statuses, strict=False):
            told[tuple(wish)] += status == 303
            faults["5xx"] += status >= 500
            faults["other"] += status not in {303, 409} and status < 500
    faults["refused without a proper denial"] = sum(
        number for code, number in result["denials"].items() if code not in {"full", "duplicate"}
    )
    places = Enrolment.objects.filter(offering__in=topics, state="enrolled").unscoped("benchmark")
    there = Counter(places.values_list("cadre_id", "offering_id"))
    faults["lost"] = sum((told - there).values())
    faults["not told"] = sum((there - told).values())
    wanted = Counter(topic for _cadre, topic in {tuple(wish) for one in wishes for wish in one})
    for seats in SeatCount.objects.filter(offering__in=topics):
        sitting = sum(number for (_cadre, topic), number in there.items() if topic == seats.offering_id)
        faults["oversold"] += max(0, sitting - seats.capacity) + abs(sitting - seats.taken)
        faults["undersold"] += max(0, min(seats.capacity, wanted[seats.offering_id]) - sitting)
    return faults


def percentile(values: list[float], share: float) -> float:
    return 1000 * sorted(values)[int(share * (len(values) - 1))]


def run(port: int, rounds: int, verdict: _ground.Verdict) -> bool:
    """Fire all loads in turn, tell the ratios, and return whether nothing went wrong with any place."""
    people = make_people()
    # Seats of each topic, and how many topics.
    loads = {
        "no-op": (0, 0),
        "win": (CADRES, TOPICS),
        "rush": (RUSH_SEATS, TOPICS),
        "hot": (RUSH_SEATS * TOPICS, 1),
    }
    rates: dict[str, list[float]] = {name: [] for name in loads}
    latencies: dict[str, list[float]] = {name: [] for name in loads}
    cpu: list[float] = []
    faults: Counter[str] = Counter()
    fire(port, no_op_load(people))  # every thread of the server gets its connection and its imports
    topics = make_round("warm-up", CADRES)
    fire(port, claim_load(people, topics, clicks_twice=0)[0])
    for number in range(rounds):
        names = list(loads) if number % 2 == 0 else list(loads)[::-1]
        for name in names:
            if name == "no-op":
                result = fire(port, no_op_load(people))
                faults["no-op refused"] += sum(status != 200 for one in result["statuses"] for status in one)
            else:
                seats, wide = loads[name]
                topics = make_round(f"{name} {number}", seats, topics=wide)
                requests, wishes = claim_load(people, topics, clicks_twice=0.05)
                result = fire(port, requests)
                faults += audit_round(topics, wishes, result)
            rates[name].append(result["rate"])
            latencies[name] += result["latencies"]
            cpu.append(result["cpu"] / result["seconds"])
    print(
        f"{CONNECTIONS} connections, {CADRES} cadres, {TOPICS} topics, {rounds} rounds, client {statistics.median(cpu):.2f} cores"
    )
    print(f"{'load':8}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}")
    for name in loads:
        p50, p99 = percentile(latencies[name], 0.5), percentile(latencies[name], 0.99)
        print(f"{name:8}{statistics.median(rates[name]):9.0f}{p50:9.0f}{p99:9.0f}")
    for name in ("win", "rush"):
        ratio = _ground.ratio_of(rates[name], rates["no-op"])
        verdict.tell(f"seat claims ({name}) / no-op POST", ratio, least=LEAST_RATIO[name])
    verdict.tell(
        "one hot topic / eight topics", _ground.ratio_of(rates["hot"], rates["rush"]), least=LEAST_HOT
    )
    slowest = max(percentile(latencies[name], 0.99) for name in ("win", "rush", "hot")) / 1000
    verdict.tell("slowest hundredth of claims, seconds", slowest, most=MOST_P99)
    print("faults:", dict(+faults) or "none (nothing oversold, lost, undersold or unanswered, no 5xx)")
    return not +faults


def require_fsync() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        if cursor.fetchone() != ("on",):
            sys.exit("this benchmark needs fsync on")


def main() -> None:
    global CONNECTIONS, CADRES, RUSH_SEATS
    parser = _ground.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.quick:
        options.rounds, CONNECTIONS, CADRES, RUSH_SEATS = 1, 20, 60, 3
    _ground.begin(quick=options.quick)
    random.seed(1)
    verdict = _ground.Verdict(quick=options.quick)
    with _ground.database():
        if not options.quick:
            require_fsync()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = start_server(port)
        try:
            sound = run(port, options.rounds, verdict)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(30)
    if not sound:
        sys.exit(1)
    verdict.leave()


if __name__ == "__main__":
    main()
