"""Organised assignment for units and organisation departments: the list of classes, and one class with its people."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from trainees.selectors.assignments import assignment_lines, assignment_page
from trainees.selectors.assignments_facts import length_of_class

WORKERS = (Role.OFFICER, Role.ORGDEPT)


@policy(*WORKERS)
@require_safe
def assignments(request: HttpRequest) -> HttpResponse:
    """The classes to which the reader's units send people."""
    lines = assignment_lines(request.user)
    context = {
        "lines": lines,
        "fills": request.user.scope.has(Role.OFFICER),
        "decides": request.user.scope.has(Role.ORGDEPT),
    }
    return render(request, "trainees/assignments/list.html", context)


@policy(*WORKERS)
@require_safe
def assignment(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """One class: whom the own units send, and whom the organisation department confirms."""
    page = assignment_page(request.user, assignment_id)
    if page is None:
        raise Http404
    context = {"page": page, "too_long": length_of_class(page.assignment.offering)}
    return render(request, "trainees/assignments/assignment.html", context)
