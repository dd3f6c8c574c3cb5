"""The Celery application: ``celery -A partyschool worker`` and ``beat``. Tasks are found in each app's ``tasks.py``."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init

from partyschool import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partyschool.settings")

app = Celery("partyschool")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def start_servers(**_sender: Any) -> None:
    """Start the embedded servers before the first connection: a worker may be the first process of a machine."""
    embedded.ensure_running()
