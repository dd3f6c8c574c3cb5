"""The main menu, by role."""

from typing import Any, NamedTuple

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import Role


class Entry(NamedTuple):
    label: Any
    url: Any
    icon: str
    roles: frozenset[str]


ENTRIES = (
    Entry(_("Home"), reverse_lazy("home:index"), "house", frozenset(Role)),
    Entry(_("Check in"), reverse_lazy("trainees:checkin"), "qr-code-scan", frozenset({Role.TRAINEE})),
    Entry(
        _("Roll calls"),
        reverse_lazy("trainees:rolls"),
        "card-checklist",
        frozenset({Role.TEACHER, Role.STAFF}),
    ),
    Entry(_("Electives"), reverse_lazy("trainees:electives"), "check2-square", frozenset({Role.TRAINEE})),
    Entry(_("Timetable"), reverse_lazy("trainees:calendar"), "calendar3", frozenset({Role.TRAINEE})),
    Entry(_("Credits"), reverse_lazy("trainees:credits"), "award", frozenset({Role.TRAINEE})),
    Entry(_("Requests"), reverse_lazy("trainees:requests"), "envelope-paper", frozenset({Role.TRAINEE})),
    Entry(
        _("Leaves"),
        reverse_lazy("trainees:leaves"),
        "calendar-x",
        frozenset({Role.TEACHER, Role.STAFF, Role.LEADER, Role.ORGDEPT}),
    ),
    Entry(
        _("Training record"), reverse_lazy("trainees:own_record"), "folder2-open", frozenset({Role.TRAINEE})
    ),
    Entry(_("My certificates"), reverse_lazy("trainees:certificates"), "award", frozenset({Role.TRAINEE})),
    Entry(
        _("Conduct assessment"),
        reverse_lazy("trainees:conduct"),
        "clipboard-check",
        frozenset({Role.TEACHER}),
    ),
    Entry(
        _("Assignment"),
        reverse_lazy("trainees:assignments"),
        "person-plus",
        frozenset({Role.OFFICER, Role.ORGDEPT}),
    ),
    Entry(
        _("Credit reports"),
        reverse_lazy("trainees:organisation"),
        "bar-chart",
        frozenset({Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR}),
    ),
    Entry(
        _("Training records"),
        reverse_lazy("trainees:records"),
        "folder2-open",
        frozenset({Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR}),
    ),
    Entry(
        _("Class certificates"),
        reverse_lazy("trainees:certificate_classes"),
        "award",
        frozenset({Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR}),
    ),
    Entry(
        _("Assignment rates"),
        reverse_lazy("trainees:assignment_rates"),
        "person-lines-fill",
        frozenset({Role.STAFF, Role.LEADER, Role.AUDITOR}),
    ),
    Entry(
        _("Standards"),
        reverse_lazy("standards:board"),
        "speedometer2",
        frozenset({Role.LEADER, Role.STAFF, Role.AUDITOR}),
    ),
    Entry(
        _("Rules set aside"),
        reverse_lazy("trainees:overrides"),
        "shield-exclamation",
        frozenset({Role.LEADER, Role.AUDITOR}),
    ),
    Entry(_("Jobs"), reverse_lazy("jobs:list"), "hourglass-split", frozenset({Role.STAFF})),
    Entry(
        _("Administration"),
        reverse_lazy("admin:index"),
        "gear",
        frozenset({Role.STAFF, Role.FINANCE, Role.AUDITOR, Role.ADMIN}),
    ),
)


def menu_for(user: Any, path: str) -> list[dict[str, Any]]:
    """The menu entries of `user`, with the one that `path` lies under marked active."""
    entries = [(entry, str(entry.url)) for entry in ENTRIES if user.scope.has(*entry.roles)]
    # Of two that a page lies under, the nearer one is meant.
    under = [url for _entry, url in entries if path.startswith(url) and (url != "/" or path == url)]
    nearest = max(under, key=len, default=None)
    return [
        {"label": entry.label, "url": url, "icon": entry.icon, "active": url == nearest}
        for entry, url in entries
    ]
