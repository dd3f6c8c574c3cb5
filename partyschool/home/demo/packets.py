"""Last year's documents: delivered and received, one receipt outstanding, one result corrected since, one document taken back; two schedules."""

from datetime import datetime, time, timedelta
from typing import Any

import trainees.tasks  # noqa: F401 -- registers what makes a packet, as a worker does
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.jobs.enums import JobState
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.running import run_job
from trainees.enums import Edition, Frequency, NoticeType, PacketState
from trainees.models import ReportPacket, ReportSchedule
from trainees.services.deliveries import record_receipt, withdraw_packet
from trainees.services.schedules import save_schedule

# Whose unit gets its documents while the school is being filled (all others from a worker), and of which kind.
ADDRESSEES = {
    "orgdept": NoticeType.REPORT,
    "orgdept2": NoticeType.CIRCULAR,
    "officer": NoticeType.CIRCULAR,
    "officer2": NoticeType.LETTER,
}
CORRECTED, WITHDRAWN = ("orgdept", "officer"), "officer2"
RECEIVED = {
    "orgdept": (Edition.FINAL, Edition.ERRATUM),
    "orgdept2": (Edition.FINAL,),
    "officer": (Edition.FINAL,),
}
REASON = "附件单位名称有误，更正后重新印发。"
SCHEDULES = (
    ("年度考核通报", Edition.FINAL, Frequency.YEARLY, 2, 20),
    ("季度阶段性通报", Edition.PREVIEW, Frequency.QUARTERLY, 1, 8),
)


def issue_first(year: int, staff: User) -> None:
    """The documents of a year that has just been sealed, to the people who can log in."""
    for username, kind in ADDRESSEES.items():
        if not _packets(year, username).exists():
            _issue(year, _unit(username), kind, staff)


def follow_up(year: int, staff: User, now: datetime) -> None:
    """What became of the documents, and when reports are made by themselves. Begun and interrupted, it goes on."""
    for username in CORRECTED:
        if not _packets(year, username).filter(edition=Edition.ERRATUM).exists():
            _issue(year, _unit(username), ADDRESSEES[username], staff)
    for username, editions in RECEIVED.items():
        reader = User.objects.with_grants().get(username=username)
        for packet in _packets(year, username).filter(edition__in=editions).order_by("pk"):
            record_receipt(packet=packet, by=reader)
    packets = _packets(year, WITHDRAWN)
    if not packets.filter(state=PacketState.WITHDRAWN).exists():
        for packet in packets:
            withdraw_packet(packet_id=packet.pk, reason=REASON, by=staff)
    for name, edition, frequency, month, day in SCHEDULES:
        if not ReportSchedule.objects.filter(name=name).exists():
            plan = ReportSchedule(
                name=name, edition=edition, frequency=frequency, month=month, day=day, at=time(8, 30)
            )
            save_schedule(schedule=plan, by=staff, now=now + timedelta(hours=1))


def _unit(username: str) -> Unit:
    grant = RoleGrant.objects.select_related("unit").get(user__username=username)
    assert grant.unit is not None  # noqa: S101 -- each of these roles is held for a unit
    return grant.unit


def _packets(year: int, username: str) -> Any:
    packets = ReportPacket.objects.unscoped("filling the demo school")
    return packets.filter(year=year, recipient=_unit(username))


def _issue(year: int, unit: Unit, kind: str, staff: User) -> None:
    job = start_job(
        kind="report_packet",
        key=f"{year}:{unit.pk}",
        title=f"{year}年度考核通报：{unit.name}",
        params={"year": year, "quarter": None, "doc_type": str(kind), "unit": unit.pk},
        by=staff,
    )
    if run_job(job_id=job.pk) == JobState.FAILED:
        job.refresh_from_db()
        raise RuntimeError(job.error)
