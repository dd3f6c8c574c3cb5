"""Every address of the portal, with objects of a small world in its arguments, and a way to try it without a trace."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import transaction
from django.urls import get_resolver, reverse

from partyschool.accounts.checks import iter_patterns
from tests.access.world import CALENDAR_TOKEN, CODES, World

# Which model a URL argument names, where its name alone does not say it.
ARGUMENTS = {
    "offering_id": "courses.Offering",
    "cadre_id": "trainees.Cadre",
    "class_id": "trainees.OfferingRoster",
    "import_id": "trainees.CadreImport",
    "enrolment_id": "trainees.Enrolment",
    "lesson_id": "courses.Lesson",
    "round_id": "courses.SelectionRound",
    "certificate_id": "trainees.Certificate",
    "claim_id": "trainees.CreditClaim",
    "leave_id": "trainees.LeaveRequest",
    "assignment_id": "trainees.Assignment",
    "quota_id": "trainees.AssignmentQuota",
    "nomination_id": "trainees.Nomination",
    "deferral_id": "trainees.Deferral",
    "evidence_id": "trainees.Evidence",
    "draw_id": "trainees.SelectionDraw",
    "packet_id": "trainees.ReportPacket",
    "job_id": "jobs.Job",
    "file_id": "jobs.StoredFile",
    "notice_id": "notices.Notice",
    "session_id": "courses.ForumSession",
    "scheme_id": "trainees.CreditScheme",
    "assessment_id": "trainees.YearlyAssessment",
    "objection_id": "trainees.AssessmentObjection",
    "held_id": "trainees.AssessmentYear",
    "plan_id": "trainees.MakeUpPlan",
    "score_id": "trainees.ConductScore",
    "sheet_id": "trainees.ConductSheet",
    "user_id": "accounts.User",
    "entry_id": "trainees.CreditEntry",
    "view_id": "trainees.SavedView",
}
OWNERS = {"jobs:": "jobs.Job", "notices:": "notices.Notice"}
FIXED = {
    "code": CODES["own"],
    "token": CALENDAR_TOKEN,
    "app_label": "trainees",
    "url": "nowhere/",
    "year": 2025,
    "series": "youth",
    "indicator": "full_time_teachers",
    "mechanism": "random_serial",
}
# Proxies that show only some of their model's rows, and have an object of their own in the small world.
PROXIES = {"courses.ForumSession", "trainees.SelectionDraw"}
# Django's own word catalogue; an address that always answers 404; the state of the servers, which is no matter of roles.
LEFT_OUT = {"admin:jsi18n", "admin:view_on_site", "home:readyz"}


def _model_of(name: str, argument: str) -> Any:
    if argument in ARGUMENTS:
        return apps.get_model(ARGUMENTS[argument])
    for prefix, label in OWNERS.items():
        if name.startswith(prefix):
            return apps.get_model(label)
    if argument == "object_id":
        match = re.match(r"admin:([a-z]+)_([a-z]+)_", name)
        if match:
            model = apps.get_model(match[1], match[2])
            return model if model._meta.label in PROXIES else model._meta.concrete_model
    raise LookupError(f"Teach tests/access which object {name} means by '{argument}'.")


def _variants(world: World, name: str, arguments: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whose objects a URL is tried with, and its arguments for each."""
    free = {argument: FIXED[argument] for argument in arguments if argument in FIXED}
    models = {argument: _model_of(name, argument) for argument in arguments if argument not in FIXED}
    owners = {whose for model in models.values() for whose in world.objects[model]} or {""}
    if owners != {""}:
        owners.discard("")
    for whose in sorted(owners):
        chosen = {
            argument: world.objects[model].get(whose) or world.objects[model].get("")
            for argument, model in models.items()
        }
        if all(chosen.values()):
            yield whose, {**free, **{argument: thing.pk for argument, thing in chosen.items()}}


def every_address(world: World) -> list[tuple[str, str]]:
    """(label, address) of everything that can be asked for."""
    found = {}
    for route, namespaces, pattern in iter_patterns(get_resolver()):
        name = ":".join([*namespaces, pattern.name]) if pattern.name else route
        if name in LEFT_OUT:
            continue
        arguments = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
        if not pattern.name:
            if arguments:
                continue  # the admin's catch-all and its old change addresses, which redirect
            found[name] = "/" + route
            continue
        for whose, kwargs in _variants(world, name, arguments):
            found[f"{name}[{whose}]" if whose else name] = reverse(name, kwargs=kwargs)
    return sorted(found.items())


@contextmanager
def undone() -> Iterator[None]:
    """Whatever a request writes is taken back, also by services that insist on an outermost transaction."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)
