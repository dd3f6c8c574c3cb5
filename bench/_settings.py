"""The portal's settings with the benchmark's own addresses beside the portal's."""

import os

from partyschool.settings import *  # noqa: F403, TID251 -- all of them

ROOT_URLCONF = "bench._urls"
# Names without hashes: no collected files are needed, and none are served.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405 -- comes with the star
# A queue of this benchmark's own: where the broker is shared, no other worker may take its jobs, and its workers nobody else's.
CELERY_TASK_DEFAULT_QUEUE = os.environ["DATABASE_NAME"]
