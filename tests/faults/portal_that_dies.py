"""The portal's Celery application, whose worker dies once as by `kill -9`, at the place that the environment names.

`DIES=fsync:13`: when a file or folder is brought to the disk for the 13th time in a process, before that is done; a packet has three files
and each is brought to the disk by two such calls, of the draft and of the folder it was renamed in. `DIES=packet:3`: when the row of the
third packet of a process is written, and not yet committed. `DIED`: a path that is made by whoever dies, so that nobody dies after it.
"""

import os
import signal
from itertools import count
from pathlib import Path
from typing import Any

from django.db.models.signals import post_save

from tests.faults.portal_with_test_jobs import app

PLACE, _colon, AT = os.environ.get("DIES", "").partition(":")
_times = count(1)
_fsync = os.fsync


def die_at(place: str) -> None:
    """Count, and die when it is time."""
    if place != PLACE or next(_times) != int(AT) or (died := Path(os.environ["DIED"])).exists():
        return
    died.touch()
    os.kill(os.getpid(), signal.SIGKILL)


def fsync(file: int) -> None:
    die_at("fsync")
    _fsync(file)


def packet_saved(sender: Any, **_more: Any) -> None:
    if sender.__name__ == "ReportPacket":
        die_at("packet")


os.fsync = fsync
post_save.connect(packet_saved)

__all__ = ["app"]
