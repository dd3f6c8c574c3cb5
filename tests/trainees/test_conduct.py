"""Conduct of a class: scored by the class teacher, moderated with reasons, released by a second person, and then it stands."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import InvalidInput, NotFound, Stale
from partyschool.notices.models import Notice
from tests.factories.accounts import City, make_user
from tests.factories.conduct import SCORES, AssessedClass, make_weights
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_trainee
from trainees.enums import AttendanceStatus, ConductState
from trainees.models import AttendanceMark, ConductChange, ConductScore, ConductSheet, ConductWeights
from trainees.services.conduct import (
    AlreadyOpened,
    Entry,
    NotAssessed,
    NotOnSheet,
    NoWeights,
    ScoredMeanwhile,
    fill_scores,
    open_sheet,
    save_scores,
    submit_sheet,
)
from trainees.services.conduct_moderation import (
    ModerationReasonMissing,
    NothingChanged,
    SecondPerson,
    moderate_score,
    release_sheet,
    return_sheet,
)
from trainees.services.conduct_sheets import ScoreOutOfRange, SheetClosed, Unscored

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessed():
    return AssessedClass()


def stored(sheet):
    return list(ConductScore.objects.filter(sheet=sheet).unscoped("tests").order_by("enrolment"))


def deeds(prefix="conduct."):
    events = AuditEvent.objects.filter(action__startswith=prefix).unscoped("tests").order_by("pk")
    return list(events.values_list("action", flat=True))


# --- opening -----------------------------------------------------------------------------------------------------------------------------


def test_opening_tells_the_class_teacher(assessed):
    assert assessed.sheet.state == ConductState.OPEN
    notice = Notice.objects.unscoped("tests").get(recipient=assessed.teacher)
    assert assessed.offering.title in notice.title
    assert deeds() == ["conduct.open"]
    with pytest.raises(AlreadyOpened):
        open_sheet(offering_id=assessed.offering.pk, by=assessed.staff)


def test_only_classes_with_weights_and_a_class_teacher_are_assessed():
    staff, lead = make_user(Role.STAFF), TeacherFactory(user=make_user(Role.TEACHER))
    elective = OfferingFactory(lead_teacher=lead)
    planned = OfferingFactory(kind=OfferingKind.MAIN_CLASS, lead_teacher=lead, state="planned")
    leaderless = OfferingFactory(kind=OfferingKind.MAIN_CLASS)
    without_account = OfferingFactory(kind=OfferingKind.SPECIAL_CLASS, lead_teacher=TeacherFactory())
    for offering in (elective, planned, leaderless, without_account):
        with pytest.raises(NotAssessed):
            open_sheet(offering_id=offering.pk, by=staff)
    good = OfferingFactory(kind=OfferingKind.MAIN_CLASS, lead_teacher=lead)
    with pytest.raises(NoWeights):
        open_sheet(offering_id=good.pk, by=staff)
    with pytest.raises(NotFound):
        open_sheet(offering_id=0, by=staff)


# --- scoring -----------------------------------------------------------------------------------------------------------------------------


def test_scores_are_stored_once_and_repeating_changes_nothing(assessed):
    place = assessed.places[0]
    entries = {place.pk: Entry(SCORES, comment=" 学习认真 ")}
    assert save_scores(sheet_id=assessed.sheet.pk, entries=entries, by=assessed.teacher) == 1
    assert save_scores(sheet_id=assessed.sheet.pk, entries=entries, by=assessed.teacher) == 0
    (score,) = stored(assessed.sheet)
    assert (score.attitude, score.theory, score.party_spirit, score.discipline) == (90, 80, 85, None)
    assert (score.comment, score.total, score.scored_by) == ("学习认真", None, assessed.teacher)
    assert deeds() == ["conduct.open", "conduct.score"]


@pytest.mark.parametrize(
    ("scores", "comment"),
    [({"attitude": 101}, None), ({"attitude": -1}, None), ({"discipline": 90}, None), ({"x": 1}, None)],
)
def test_what_is_no_score_is_refused(assessed, scores, comment):
    with pytest.raises(ScoreOutOfRange):
        save_scores(
            sheet_id=assessed.sheet.pk,
            entries={assessed.places[0].pk: Entry(scores, comment)},
            by=assessed.teacher,
        )


def test_one_fault_saves_nothing(assessed):
    entries = {place.pk: Entry(SCORES) for place in assessed.places}
    entries[assessed.places[2].pk] = Entry({"attitude": 101})
    with pytest.raises(ScoreOutOfRange):
        save_scores(sheet_id=assessed.sheet.pk, entries=entries, by=assessed.teacher)
    long = {assessed.places[0].pk: Entry(SCORES, comment="长" * 401)}
    with pytest.raises(InvalidInput):
        save_scores(sheet_id=assessed.sheet.pk, entries=long, by=assessed.teacher)
    assert stored(assessed.sheet) == []


def test_nobody_but_the_class_teacher_scores(assessed):
    others = [assessed.staff, make_user(Role.TEACHER), make_trainee().user]
    for other in others:
        with pytest.raises(NotFound):
            save_scores(sheet_id=assessed.sheet.pk, entries={}, by=other)
        with pytest.raises(NotFound):
            submit_sheet(sheet_id=assessed.sheet.pk, by=other)


def test_who_is_not_on_the_roster_is_not_scored(assessed):
    other = EnrolmentFactory(offering=OfferingFactory(), created_by=assessed.staff)
    gone = EnrolmentFactory(
        offering=assessed.offering,
        created_by=assessed.staff,
        state="withdrawn",
        ended_at=assessed.sheet.opened_at,
        ended_by=assessed.staff,
    )
    for place in (other, gone):
        with pytest.raises(NotOnSheet):
            save_scores(sheet_id=assessed.sheet.pk, entries={place.pk: Entry(SCORES)}, by=assessed.teacher)


def test_saving_over_what_was_changed_meanwhile_is_refused(assessed):
    place = assessed.places[0]
    save_scores(sheet_id=assessed.sheet.pk, entries={place.pk: Entry(SCORES, seen="")}, by=assessed.teacher)
    with pytest.raises(ScoredMeanwhile):
        save_scores(
            sheet_id=assessed.sheet.pk,
            entries={place.pk: Entry({"attitude": 70}, seen="")},
            by=assessed.teacher,
        )
    assert stored(assessed.sheet)[0].attitude == 90
    again = Entry({"attitude": 70}, seen="90|80|85||")
    assert save_scores(sheet_id=assessed.sheet.pk, entries={place.pk: again}, by=assessed.teacher) == 1


def test_filling_in_leaves_scores_that_stand(assessed):
    first = assessed.places[0]
    save_scores(sheet_id=assessed.sheet.pk, entries={first.pk: Entry({"theory": 60})}, by=assessed.teacher)
    assert fill_scores(sheet_id=assessed.sheet.pk, dimension="theory", value=85, by=assessed.teacher) == 2
    assert [score.theory for score in stored(assessed.sheet)] == [60, 85, 85]
    with pytest.raises(ScoreOutOfRange):
        fill_scores(sheet_id=assessed.sheet.pk, dimension="theory", value=None, by=assessed.teacher)


def test_attitude_is_proposed_from_attendance(assessed):
    lessons = [LessonFactory(offering=assessed.offering) for _each in range(2)]
    for place, statuses in zip(assessed.places, (("present", "late"), ("present", "absent")), strict=False):
        for lesson, status in zip(lessons, statuses, strict=True):
            AttendanceMark.objects.create(
                enrolment=place, lesson=lesson, status=AttendanceStatus(status), marked_by=assessed.staff
            )
    filled = fill_scores(sheet_id=assessed.sheet.pk, dimension="attitude", value=None, by=assessed.teacher)
    assert filled == 2
    assert [score.attitude for score in stored(assessed.sheet)] == [100, 50]


# --- submission, moderation, return ------------------------------------------------------------------------------------------------------


def test_submission_names_who_is_not_scored(assessed):
    entries = {assessed.places[0].pk: Entry(SCORES), assessed.places[1].pk: Entry({"attitude": 1})}
    save_scores(sheet_id=assessed.sheet.pk, entries=entries, by=assessed.teacher)
    with pytest.raises(Unscored) as refused:
        submit_sheet(sheet_id=assessed.sheet.pk, by=assessed.teacher)
    assert assessed.places[2].cadre.name in refused.value.facts
    assert assessed.places[0].cadre.name not in refused.value.facts


def test_after_submission_the_class_teacher_changes_nothing(assessed):
    assessed.submit()
    with pytest.raises(SheetClosed):
        assessed.score(attitude=10)
    with pytest.raises(SheetClosed):
        submit_sheet(sheet_id=assessed.sheet.pk, by=assessed.teacher)
    with pytest.raises(SheetClosed):
        fill_scores(sheet_id=assessed.sheet.pk, dimension="theory", value=1, by=assessed.teacher)


def moderate(assessed, value=70, reason="与考勤不符", **more):
    score = stored(assessed.sheet)[0]
    return moderate_score(
        score_id=score.pk, dimension="attitude", value=value, reason=reason, by=assessed.staff, **more
    )


def test_moderation_keeps_what_it_was_and_why(assessed):
    with pytest.raises(NotFound):
        moderate_score(score_id=0, dimension="attitude", value=1, reason="没有这个人", by=assessed.staff)
    assessed.submit()
    change = moderate(assessed, seen=90)
    assert (change.before, change.after, change.reason) == (90, 70, "与考勤不符")
    assert stored(assessed.sheet)[0].attitude == 70
    for wrong, error in (
        ({"reason": " 无 "}, ModerationReasonMissing),
        ({"value": 101}, ScoreOutOfRange),
        ({"value": 70}, NothingChanged),
        ({"value": 60, "seen": 90}, Stale),
        ({"reason": "长" * 201}, InvalidInput),
    ):
        with pytest.raises(error):
            moderate(assessed, **wrong)
    assert ConductChange.objects.unscoped("tests").count() == 1


def test_scores_are_not_moderated_before_submission(assessed):
    assessed.score()
    with pytest.raises(SheetClosed):
        moderate(assessed)


def test_returning_opens_the_sheet_again_with_the_reason(assessed):
    with pytest.raises(SheetClosed):
        return_sheet(sheet_id=assessed.sheet.pk, reason="请补评语", by=assessed.staff)
    assessed.submit()
    with pytest.raises(ModerationReasonMissing):
        return_sheet(sheet_id=assessed.sheet.pk, reason="", by=assessed.staff)
    sheet = return_sheet(sheet_id=assessed.sheet.pk, reason="请补评语", by=assessed.staff)
    assert (sheet.state, sheet.returned_for, sheet.submitted_by) == (ConductState.OPEN, "请补评语", None)
    assert Notice.objects.unscoped("tests").filter(recipient=assessed.teacher, body="请补评语").count() == 1
    assert assessed.score(attitude=95) == 3


# --- release -----------------------------------------------------------------------------------------------------------------------------


def test_release_stores_totals_and_grades_and_tells_the_cadres(assessed):
    trainee = make_trainee()
    assessed.places.append(
        EnrolmentFactory(cadre=trainee, offering=assessed.offering, created_by=assessed.staff)
    )
    assessed.submit()
    moderate(assessed, value=20)
    sheet = release_sheet(sheet_id=assessed.sheet.pk, by=assessed.staff)
    assert (sheet.state, sheet.released_by) == (ConductState.RELEASED, assessed.staff)
    found = [(score.total, score.grade) for score in stored(sheet)]
    assert found == [(Decimal("57.50"), "fail"), *[(Decimal("85.50"), "good")] * 3]
    notice = Notice.objects.unscoped("tests").get(recipient=trainee.user)
    assert "85.5" in notice.body
    assert deeds() == [f"conduct.{deed}" for deed in ("open", "score", "submit", "moderate", "release")]


def test_whoever_submitted_does_not_release(assessed):
    assessed.submit()
    with pytest.raises(SecondPerson):
        release_sheet(sheet_id=assessed.sheet.pk, by=assessed.teacher)
    ConductScore.objects.unscoped("tests").update(total=Decimal("85.50"), grade="good")
    released = {"state": "released", "released_at": assessed.sheet.submitted_at}
    refused(
        "trainees_conductsheet_two_people_ck",
        lambda: ConductSheet.objects.update(released_by=assessed.teacher, **released),
    )


def test_release_waits_for_whoever_came_after_submission(assessed):
    assessed.submit()
    EnrolmentFactory(cadre=CadreFactory(), offering=assessed.offering, created_by=assessed.staff)
    with pytest.raises(Unscored):
        release_sheet(sheet_id=assessed.sheet.pk, by=assessed.staff)


def test_open_sheet_is_not_released(assessed):
    assessed.score()
    with pytest.raises(SheetClosed):
        release_sheet(sheet_id=assessed.sheet.pk, by=assessed.staff)


# --- what the database holds -------------------------------------------------------------------------------------------------------------


def refused(rule, statement):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        statement()
    assert error.value.__cause__.diag.constraint_name == rule


def test_the_database_holds_what_is_released(assessed):
    assessed.release()
    scores = ConductScore.objects.unscoped("tests")
    refused("trainees_conductscore_released_tg", lambda: scores.update(attitude=1))
    refused(
        "trainees_conductsheet_stands_tg", lambda: ConductSheet.objects.update(released_by=assessed.staff)
    )
    refused("trainees_conductsheet_stands_tg", lambda: ConductSheet.objects.update(state="submitted"))
    refused(
        "trainees_conductweights_released_tg", lambda: ConductWeights.objects.update(attitude=41, theory=29)
    )
    assert ConductWeights.objects.update(source="市委党校发〔2025〕3号") == 1


def test_weights_move_until_something_is_released(assessed):
    assessed.submit()
    assert ConductWeights.objects.update(attitude=50, theory=20) == 1
    sheet = release_sheet(sheet_id=assessed.sheet.pk, by=assessed.staff)
    assert stored(sheet)[0].total == Decimal("86.50")


def test_the_database_wants_a_reason_for_a_moderated_score(assessed):
    assessed.submit()
    scores = ConductScore.objects.unscoped("tests")
    rule = "trainees_conductscore_moderated_tg"
    refused(rule, lambda: scores.update(attitude=1))
    refused(rule, lambda: scores.update(comment="改"))
    late = EnrolmentFactory(cadre=CadreFactory(), offering=assessed.offering, created_by=assessed.staff)
    refused(
        rule,
        lambda: ConductScore.objects.create(sheet=assessed.sheet, enrolment=late, scored_by=assessed.staff),
    )
    moderate(assessed, value=70)
    refused(rule, lambda: scores.filter(pk=stored(assessed.sheet)[0].pk).update(attitude=90))


def release_by_hand(assessed):
    ConductSheet.objects.update(
        state="released", released_by=assessed.staff, released_at=assessed.sheet.submitted_at
    )


def test_the_database_releases_nothing_incomplete_or_wrong(assessed):
    assessed.submit()
    scores = ConductScore.objects.unscoped("tests")
    refused("trainees_conductsheet_complete_tg", lambda: release_by_hand(assessed))
    scores.update(total=Decimal("85.51"), grade="good")
    refused("trainees_conductsheet_totals_tg", lambda: release_by_hand(assessed))
    scores.update(total=Decimal("85.50"), grade="excellent")
    refused("trainees_conductsheet_totals_tg", lambda: release_by_hand(assessed))
    scores.update(total=Decimal("85.50"), grade="good")
    release_by_hand(assessed)


def test_a_score_belongs_to_the_class_of_its_sheet(assessed):
    stranger = EnrolmentFactory(offering=OfferingFactory(), created_by=assessed.staff)
    refused(
        "trainees_conductscore_class_tg",
        lambda: ConductScore.objects.create(
            sheet=assessed.sheet, enrolment=stranger, scored_by=assessed.staff
        ),
    )
    other = OfferingFactory()
    refused("trainees_conductsheet_kept_tg", lambda: ConductSheet.objects.update(offering=other))


# --- who sees what -----------------------------------------------------------------------------------------------------------------------


def test_scores_are_seen_by_whom_they_concern_once_released():
    city = City()
    assessed = AssessedClass(units=(city.finance_bureau, city.culture_bureau, city.cousin_bureau))
    own = assessed.places[0].cadre
    own.user = make_user(Role.TRAINEE)
    own.save()
    readers = {
        "own": own.user,
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "lead": assessed.teacher,
        "teacher": make_user(Role.TEACHER),
        "staff": assessed.staff,
    }

    def seen():
        return {name: ConductScore.objects.visible_to(reader).count() for name, reader in readers.items()}

    assessed.submit()
    moderate(assessed)
    assert seen() == {"own": 0, "officer": 0, "orgdept": 0, "lead": 3, "teacher": 0, "staff": 3}
    release_sheet(sheet_id=assessed.sheet.pk, by=assessed.staff)
    assert seen() == {"own": 1, "officer": 1, "orgdept": 2, "lead": 3, "teacher": 0, "staff": 3}
    changes = ConductChange.objects.visible_to
    assert [changes(readers[name]).count() for name in ("own", "orgdept", "teacher")] == [1, 1, 0]


def test_weights_must_add_up():
    with pytest.raises(IntegrityError, match="sum_ck"):
        make_weights(attitude=41)
