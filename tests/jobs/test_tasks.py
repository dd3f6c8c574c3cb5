"""The names by which beat and services ring for work."""

from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.sessions.models import Session

from partyschool.accounts.tasks import clear_sessions
from partyschool.common import clock


def test_every_task_of_beat_and_services_is_known_to_workers():
    current_app.loader.import_default_modules()
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} | {"jobs.run"}
    assert named <= set(current_app.tasks)
    assert {"jobs.sweep", "jobs.remove_orphans", "audit.seal", "accounts.clear_sessions"} <= named


def test_tasks_are_redelivered_when_a_worker_is_lost():
    assert current_app.conf.task_acks_late
    assert current_app.conf.task_reject_on_worker_lost
    assert current_app.conf.task_time_limit < current_app.conf.broker_transport_options["visibility_timeout"]


@pytest.mark.django_db
def test_clear_sessions_removes_what_ran_out_alone():
    for key, days in (("old", -1), ("young", 1)):
        Session.objects.create(
            session_key=key, session_data="", expire_date=clock.now() + timedelta(days=days)
        )
    clear_sessions()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["young"]
