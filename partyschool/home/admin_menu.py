"""The administration's side menu and first page: the work of the year in order, each role seeing its own part."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Item(NamedTuple):
    """A list of the admin. `kind` narrows the offerings to one kind."""

    title: Any
    model: str
    icon: str
    kind: str = ""


GROUPS: tuple[tuple[Any, tuple[Item, ...]], ...] = (
    (
        _("Plan and classes"),
        (
            Item(_("All offerings"), "courses.offering", "calendar_month"),
            Item(_("Main classes"), "courses.offering", "school", "main_class"),
            Item(_("Special classes"), "courses.offering", "workspaces", "special_class"),
            Item(_("Department trainings"), "courses.offering", "corporate_fare", "department_training"),
            Item(_("Organised assignments"), "trainees.assignment", "person_add"),
            Item(_("Rooms"), "courses.room", "meeting_room"),
        ),
    ),
    (
        _("Electives"),
        (
            Item(_("Selection rounds"), "courses.selectionround", "how_to_vote"),
            Item(_("Live boards"), "trainees.rounddesk", "monitoring"),
            Item(_("Draws"), "trainees.selectiondraw", "shuffle"),
            Item(_("Elective topics"), "courses.offering", "checklist", "elective"),
            Item(_("Forum sessions"), "courses.forumsession", "record_voice_over"),
            Item(_("Waiting lists"), "trainees.waitingentry", "hourglass_empty"),
            Item(_("Refusals of seats"), "trainees.seatrefusal", "block"),
        ),
    ),
    (
        _("Rosters and closing"),
        (
            Item(_("Rosters and roll calls"), "trainees.offeringroster", "how_to_reg"),
            Item(_("Enrolments"), "trainees.enrolment", "badge"),
            Item(_("Attendance marks"), "trainees.attendancemark", "fact_check"),
            Item(_("Conduct assessments"), "trainees.conductsheet", "rate_review"),
        ),
    ),
    (
        _("Cadres and credits"),
        (
            Item(_("Cadre register"), "trainees.cadre", "groups"),
            Item(_("Imports of cadres"), "trainees.cadreimport", "upload_file"),
            Item(_("Credit entries"), "trainees.creditentry", "stars"),
            Item(_("Credit claims"), "trainees.creditclaim", "approval"),
            Item(_("Credit schemes"), "trainees.creditscheme", "rule"),
            Item(_("Weights of conduct"), "trainees.conductweights", "balance"),
            Item(_("Training figures"), "trainees.trainingfigure", "tune"),
            Item(_("Requirements of cycles"), "trainees.cyclerequirement", "calendar_view_week"),
            Item(_("Leave tiers"), "trainees.leavetier", "stairs"),
        ),
    ),
    (
        _("Assessment and notices"),
        (
            Item(_("Assessment years"), "trainees.assessmentyear", "event_available"),
            Item(_("Yearly assessments"), "trainees.yearlyassessment", "grading"),
            Item(_("Objections"), "trainees.assessmentobjection", "gavel"),
            Item(_("Make-up trainings"), "trainees.makeupplan", "update"),
            Item(_("Assessment exemptions"), "trainees.assessmentexemption", "event_busy"),
            Item(_("Report packets"), "trainees.reportpacket", "description"),
            Item(_("Report schedules"), "trainees.reportschedule", "schedule"),
            Item(_("Standard targets"), "standards.standardtarget", "speed"),
        ),
    ),
    (
        _("Teachers"),
        (
            Item(_("Teacher pool"), "faculty.teacher", "person_book"),
            Item(_("Teaching entries"), "faculty.teachingentry", "history_edu"),
        ),
    ),
    (
        _("Money"),
        (
            Item(_("Budget lines"), "budget.budgetline", "account_balance_wallet"),
            Item(_("Money entries"), "budget.ledgerentry", "receipt_long"),
        ),
    ),
    (
        _("System administration"),
        (
            Item(_("Unit tree"), "accounts.unit", "account_tree"),
            Item(_("Users"), "accounts.user", "manage_accounts"),
            Item(_("Role grants"), "accounts.rolegrant", "key"),
            Item(_("Background jobs"), "jobs.job", "hourglass_top"),
            Item(_("Outgoing mails"), "notices.outgoingmail", "outgoing_mail"),
            Item(_("Audit events"), "audit.auditevent", "policy"),
            Item(_("Audit seals"), "audit.auditseal", "verified"),
        ),
    ),
)


def _readable(user: Any, model: str) -> bool:
    app_label, model_name = model.split(".")
    return user.has_perm(f"{app_label}.view_{model_name}")


def _entry(item: Item, request: HttpRequest) -> dict[str, Any]:
    path = reverse(f"{admin.site.name}:{item.model.replace('.', '_')}_changelist")
    here = request.path.startswith(path)
    active = here and request.GET.get("kind__exact", request.GET.get("kind", "")) == item.kind
    link = f"{path}?kind__exact={item.kind}" if item.kind else path
    return {"title": item.title, "link": link, "icon": item.icon, "active": active}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with the entries that the reader's roles open, as Unfold's side menu wants them."""
    groups: list[dict[str, Any]] = []
    for title, items in GROUPS:
        entries = [_entry(item, request) for item in items if _readable(request.user, item.model)]
        if entries:
            groups.append({"title": title, "items": entries, "separator": bool(groups)})
    return groups


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The first page shows the same groups as cards."""
    return {
        **context,
        "title": _("School administration"),
        "start_groups": [(group["title"], group["items"]) for group in navigation(request)],
    }
