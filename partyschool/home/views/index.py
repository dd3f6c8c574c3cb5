"""The home page: each role finds what it has to do today."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from budget.selectors.execution import executions_of
from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.home.selectors.academic import academic_desk, teaching_desk
from partyschool.home.selectors.assignments import assignment_desk
from partyschool.home.selectors.oversight import accounts_desk, jurisdiction_desk, latest_events
from partyschool.home.selectors.requests import requests_desk
from partyschool.home.selectors.study import study_desk
from partyschool.standards.selectors.board import standings


def _standards(user: Any) -> dict[str, Any]:
    found = standings(year=clock.school_year(), user=user)
    short = [standing for standing in found if not standing.reached]
    return {"total": len(found), "reached": len(found) - len(short), "short": short}


def _money(_user: Any) -> dict[str, Any]:
    year = clock.school_year()
    lines = executions_of(year)
    return {
        "year": year,
        "lines": lines,
        "approved": sum(line.approved for line in lines),
        "drawn": sum(line.drawn for line in lines),
        "paid": sum(line.paid for line in lines),
        "labels": [line.line.name for line in lines],
        "series": [line.rate for line in lines],
    }


# Which roles see a section, its template, and what it shows; in the order of the page. A person of several roles sees each once.
SECTIONS: tuple[tuple[frozenset[str], str, Callable[[Any], Any]], ...] = (
    (
        frozenset({Role.STAFF, Role.TEACHER, Role.LEADER, Role.ORGDEPT}),
        "home/_requests.html",
        requests_desk,
    ),
    (frozenset({Role.STAFF}), "home/_academic.html", academic_desk),
    (frozenset({Role.TRAINEE}), "home/_study.html", study_desk),
    (frozenset({Role.TEACHER}), "home/_teaching.html", teaching_desk),
    (frozenset({Role.LEADER}), "home/_standards.html", _standards),
    (frozenset({Role.ORGDEPT, Role.OFFICER}), "home/_assignments.html", assignment_desk),
    (frozenset({Role.ORGDEPT, Role.OFFICER, Role.LEADER}), "home/_jurisdiction.html", jurisdiction_desk),
    (frozenset({Role.FINANCE}), "home/_money.html", _money),
    (frozenset({Role.AUDITOR}), "home/_events.html", latest_events),
    (frozenset({Role.ADMIN}), "home/_accounts.html", lambda _user: accounts_desk()),
)


@policy()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The sections of the reader's roles."""
    sections = [
        {"template": template, "desk": read(request.user)}
        for roles, template, read in SECTIONS
        if request.user.scope.has(*roles)
    ]
    return render(request, "home/index.html", {"sections": sections, "today": clock.school_date()})
