"""What anybody sees of a draw, what oneself sees, and how it is repeated."""

import hashlib
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.draws import Draw, drawn, places
from trainees.models import Ranking, SealedDraw

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


def test_public_page_tells_each_fingerprint_in_its_time(client):
    draw = Draw(people=1)
    address = f"/draws/{draw.pk}/"
    page = client.get(address).content.decode()
    assert draw.found.seed_hash in page
    assert client.get(f"{address}sealed.json").status_code == 404
    draw.rank(draw.cadres[0], 0)
    draw.seal()
    assert draw.found.preferences_hash in client.get(address).content.decode()
    assert client.get(f"{address}sealed.json").status_code == 404
    draw.hold()
    assert client.get(f"{address}outcome.json").status_code == 404
    draw.publish()
    assert draw.found.seed in client.get(address).content.decode()
    for part, digest in (
        ("sealed", draw.found.preferences_hash),
        ("outcome", draw.found.publication.outcome.sha256),
    ):
        answer = client.get(f"{address}{part}.json")
        content = b"".join(answer.streaming_content)
        assert hashlib.sha256(content).hexdigest() == digest
        assert draw.cadres[0].name not in content.decode()


def test_public_page_of_a_draft_or_a_first_come_round_is_not_found(client):
    assert client.get(f"/draws/{OfferingFactory().pk}/").status_code == 404


def test_own_result_says_why_and_only_to_oneself(client):
    draw = drawn()
    draw.publish()
    last = next(cadre for cadre, place in places(draw).items() if place.position == 6)
    (cadre,) = [one for one in draw.cadres if one.pk == last]
    client.force_login(cadre.user)
    answer = client.get(f"/electives/rounds/{draw.pk}/result/")
    assert Ranking.objects.unscoped("test").get(cadre=cadre).ticket in answer.content.decode()
    assert [(wish.number, wish.obtained) for wish in answer.context["result"].wishes] == [
        (1, False),
        (2, False),
    ]
    assert f"/electives/rounds/{draw.pk}/result/" in client.get("/electives/").content.decode()
    client.force_login(make_user(Role.TRAINEE))
    assert client.get(f"/electives/rounds/{draw.pk}/result/").status_code == 404


@pytest.fixture
def published(tmp_path):
    """A published draw and its downloaded files."""
    draw = drawn()
    publication = draw.publish()
    sealed, outcome = tmp_path / "sealed.json", tmp_path / "outcome.json"
    sealed.write_text(SealedDraw.objects.get(pk=draw.pk).text)
    outcome.write_text(publication.outcome.text)
    return draw, sealed, outcome


def replayed(*arguments, **options):
    out = StringIO()
    call_command("replay_draw", *arguments, stdout=out, **options)
    return out.getvalue()


def test_replay_by_number_name_and_files_is_identical(published):
    draw, sealed, outcome = published
    found = draw.found
    by_number = replayed(str(draw.pk))
    assert by_number.splitlines()[-1] == "identical"
    assert replayed(found.name) == replayed(file=sealed, seed=found.seed, outcome=outcome) == by_number
    assert found.preferences_hash in by_number


def test_replay_tells_the_first_difference(published):
    draw, sealed, outcome = published
    data = json.loads(outcome.read_text())
    next(one for one in data["participants"] if one["got"])["got"] = []
    outcome.write_text(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    with pytest.raises(CommandError, match=r"different: outcome.participants\["):
        replayed(file=sealed, seed=draw.found.seed, outcome=outcome)
    with pytest.raises(CommandError, match="different: seed"):
        replayed(file=sealed, seed="0" * 64, outcome=outcome)


@pytest.mark.parametrize("arguments", [[], ["nobody knows"], ["999999"]])
def test_replay_of_no_draw_says_so(arguments):
    with pytest.raises(CommandError):
        replayed(*arguments)


def test_replay_in_another_process_needs_no_database(published):
    draw, sealed, outcome = published
    command = [
        sys.executable,
        "-m",
        "manage",
        "replay_draw",
        "--file",
        sealed,
        "--seed",
        draw.found.seed,
        "--outcome",
        outcome,
    ]
    hashes = {}
    for chance in ("1", "2"):
        done = subprocess.run(
            [*map(str, command)],
            cwd=PROJECT,
            env={
                "PYTHONHASHSEED": chance,
                "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        hashes[chance] = done.stdout
    assert hashes["1"] == hashes["2"]
    assert hashes["1"].endswith("identical\n")
