"""What the tests of checking in ask for, and how."""

import json

from django.urls import reverse

from tests.factories.check_ins import (
    token_at,
)
from trainees.models import Enrolment


def address(lesson):
    return reverse("trainees:checkin_scan", args=[token_at(lesson)])


def post_json(client, where, body):
    return client.post(
        where, body if isinstance(body, str) else json.dumps(body), content_type="application/json"
    )


def place_of(cadre):
    return Enrolment.objects.filter(cadre=cadre).unscoped("tests").get()


def denial(answer):
    """The code of the refusal that a page shows, else nothing."""
    text = answer.content.decode()
    return text.partition('data-denial="')[2].partition('"')[0]
