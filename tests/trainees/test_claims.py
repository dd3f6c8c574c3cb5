"""Claims: handed in with evidence, decided by a second person, posted in the same step, never beyond the activity's limit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotEligible, NotFound, WrongState
from partyschool.common.integrity import all_checks
from partyschool.notices.models import Notice
from tests.access.addresses import undone
from tests.factories.accounts import make_user
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from trainees.enums import ClaimState, CreditBasis, CreditCategory, RecognisedActivity, YearState
from trainees.models import AssessmentYear, CreditClaim, CreditEntry, CreditRule
from trainees.rules.claims import ClaimReckoning
from trainees.rules.moves import CLAIM_MOVES, may_move
from trainees.selectors.claims import recognised_so_far
from trainees.services.claims import (
    ClaimFacts,
    EvidenceMissing,
    LimitUsedUp,
    NotRecognised,
    approve_claim,
    refuse_claim,
    resubmit_claim,
    return_claim,
    submit_claim,
    withdraw_claim,
)
from trainees.services.credits import NoSchemeInForce, reverse_credit
from trainees.services.evidence import EvidenceRefused
from trainees.services.year_locks import YearSealed

from .evidence_samples import HTML, JPEG, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]
DAY = date(2025, 5, 20)
NOW = clock.school_instant(date(2025, 6, 10), clock.now().time())
# Activity → basis, credits, most a year, category.
RULES = {
    RecognisedActivity.OUTSIDE_CLASS: (CreditBasis.DAY, 8, 48, CreditCategory.CONCENTRATED),
    RecognisedActivity.LECTURING: (CreditBasis.HOUR, 5, None, CreditCategory.OTHER),
    RecognisedActivity.PAPER_CITY: (CreditBasis.ITEM, 12, 24, CreditCategory.OTHER),
}


def make_rules(scheme, rules=None):
    for activity, (basis, rate, most, category) in (rules or RULES).items():
        CreditRule.objects.create(
            scheme=scheme, activity=activity, category=category, basis=basis, rate=rate, most=most
        )


@pytest.fixture
def scheme():
    found = make_scheme(state="draft")
    make_rules(found)
    found.state = "in_force"
    found.save()
    return found


@pytest.fixture
def trainee(city, scheme):
    return make_trainee(unit=city.finance_bureau)


def facts(activity=RecognisedActivity.OUTSIDE_CLASS, quantity=2, **more) -> ClaimFacts:
    said = {"title": "省委党校短训班", "host": "省委党校", "earned_on": DAY, "note": "", **more}
    return ClaimFacts(activity=activity, quantity=Decimal(quantity), **said)


def submit(trainee, *, files=None, now=NOW, **said):
    return submit_claim(
        facts=facts(**said), files=[upload()] if files is None else files, by=trainee.user, now=now
    )


def fresh(claim):
    return CreditClaim.objects.unscoped("tests").select_related("entry").get(pk=claim.pk)


# --- handing in --------------------------------------------------------------------------------------------------------------------------


def test_submitted_claim_has_its_file_and_waits(trainee):
    claim = fresh(submit(trainee))
    assert (claim.state, claim.cadre, claim.submitted_by) == (ClaimState.SUBMITTED, trainee, trainee.user)
    assert claim.evidence.unscoped("tests").count() == 1
    assert AuditEvent.objects.filter(action="claim.submit").unscoped("tests").count() == 1


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"title": " "}, InvalidInput),
        ({"quantity": 0}, InvalidInput),
        ({"quantity": -3}, InvalidInput),
        ({"earned_on": date(2025, 6, 11)}, InvalidInput),
        ({"activity": RecognisedActivity.PAPER_CITY, "quantity": "1.5"}, InvalidInput),
        ({"activity": RecognisedActivity.EXAM}, NotRecognised),
        ({"activity": "main_class"}, NotRecognised),
        ({"earned_on": date(2024, 5, 1)}, NoSchemeInForce),
        ({"files": []}, EvidenceMissing),
        ({"files": [upload(HTML)]}, EvidenceRefused),
    ],
)
def test_what_cannot_be_claimed(trainee, said, refusal):
    with pytest.raises(refusal):
        submit(trainee, **said)
    assert not CreditClaim.objects.unscoped("tests").exists()


def test_without_a_cadres_record_nothing_is_claimed(scheme):
    with pytest.raises(NotEligible):
        submit_claim(facts=facts(), files=[upload()], by=make_user(Role.TRAINEE), now=NOW)


def test_one_thing_is_claimed_once_until_it_is_refused(trainee, staff):
    first = submit(trainee)
    with pytest.raises(Duplicate):
        submit(trainee)
    refuse_claim(claim_id=first.pk, answer="材料不实", by=staff, now=NOW)
    assert submit(trainee)


def test_sealed_year_takes_no_claim_and_says_what_to_do(trainee, staff):
    claim = submit(trainee)
    year = AssessmentYear.objects.get(year=2025)
    year.state, year.objections_until, year.opened_at, year.opened_by = YearState.OBJECTION, NOW, NOW, staff
    year.save()
    year.state, year.sealed_at, year.sealed_by = YearState.SEALED, NOW, staff
    year.save()
    with pytest.raises(YearSealed) as refused:
        submit(trainee, title="另一个班")
    assert refused.value.what_to_do
    with pytest.raises(YearSealed):
        approve_claim(claim_id=claim.pk, by=staff, now=NOW)
    assert refuse_claim(claim_id=claim.pk, answer="年度已封存", by=staff).state == ClaimState.REFUSED


# --- deciding ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activity", "quantity", "amount", "hours", "category"),
    [
        (RecognisedActivity.OUTSIDE_CLASS, 3, 24, 24, CreditCategory.CONCENTRATED),
        (RecognisedActivity.LECTURING, "2.5", Decimal("12.5"), Decimal("2.5"), CreditCategory.OTHER),
        (RecognisedActivity.PAPER_CITY, 1, 12, 0, CreditCategory.OTHER),
    ],
)
def test_approval_posts_by_the_rule(trainee, staff, activity, quantity, amount, hours, category):
    claim = submit(trainee, activity=activity, quantity=quantity)
    approve_claim(claim_id=claim.pk, by=staff, now=NOW)
    entry = CreditEntry.objects.unscoped("tests").get()
    assert (entry.amount, entry.hours, entry.category) == (amount, hours, category)
    assert (entry.year, entry.earned_on, entry.cadre, entry.posted_by) == (2025, DAY, trainee, staff)
    assert (entry.source_kind, entry.source_ref) == ("claim", str(claim.pk))
    done = fresh(claim)
    assert (done.state, done.entry, done.decided_by) == (ClaimState.APPROVED, entry, staff)
    assert Notice.objects.unscoped("tests").get(recipient=trainee.user).url.endswith(f"/{claim.pk}/")


def test_approval_gives_what_the_limit_leaves_and_then_nothing(trainee, staff):
    claims = [submit(trainee, title=f"第{number}班", quantity=4) for number in range(3)]
    given = [approve_claim(claim_id=claim.pk, by=staff, now=NOW).entry.amount for claim in claims[:2]]
    assert given == [32, 16]
    with pytest.raises(LimitUsedUp, match="48"):
        approve_claim(claim_id=claims[2].pk, by=staff, now=NOW)
    assert fresh(claims[2]).state == ClaimState.SUBMITTED
    reverse_credit(entry_id=fresh(claims[0]).entry.pk, reason="误报", by=staff, now=NOW)
    assert approve_claim(claim_id=claims[2].pk, by=staff, now=NOW).entry.amount == 32


def test_limits_are_of_one_activity_one_year_one_cadre(trainee, city, staff):
    other = make_trainee(unit=city.finance_bureau)
    for who in (trainee, other):
        for activity, quantity in ((RecognisedActivity.OUTSIDE_CLASS, 6), (RecognisedActivity.PAPER_CITY, 2)):
            claim = submit(who, activity=activity, quantity=quantity)
            assert approve_claim(claim_id=claim.pk, by=staff, now=NOW).entry.amount in {48, 24}


def test_nobody_decides_on_the_own_claim(trainee, scheme, city):
    both = make_user(Role.TRAINEE, Role.STAFF)
    cadre = CadreFactory(user=both, unit=city.finance_bureau)
    claim = submit(cadre)
    for deed in (
        lambda: approve_claim(claim_id=claim.pk, by=both, now=NOW),
        lambda: return_claim(claim_id=claim.pk, answer="x", by=both),
        lambda: refuse_claim(claim_id=claim.pk, answer="x", by=both),
    ):
        with pytest.raises(PermissionDenied):
            deed()
    rows = CreditClaim.objects.filter(pk=claim.pk).unscoped("tests")
    with pytest.raises(IntegrityError, match="two_people_ck"), transaction.atomic():
        rows.update(state="refused", decided_by=both, decided_at=NOW)


def test_returned_claim_is_changed_and_handed_in_again(trainee, staff):
    claim = submit(trainee)
    with pytest.raises(InvalidInput):
        return_claim(claim_id=claim.pk, answer=" ", by=staff)
    return_claim(claim_id=claim.pk, answer="请补结业证书", by=staff, now=NOW)
    assert "结业证书" in Notice.objects.unscoped("tests").get(recipient=trainee.user).body
    again = NOW + timedelta(hours=1)
    resubmit_claim(
        claim_id=claim.pk, facts=facts(quantity=3), files=[upload(JPEG)], by=trainee.user, now=again
    )
    found = fresh(claim)
    assert (found.state, found.quantity, found.submitted_at) == (ClaimState.SUBMITTED, 3, again)
    assert found.evidence.unscoped("tests").count() == 2
    assert approve_claim(claim_id=claim.pk, by=staff, now=again).entry.amount == 24
    assert Notice.objects.filter(recipient=trainee.user).unscoped("tests").count() == 2


def test_withdrawn_is_over(trainee, staff):
    claim = submit(trainee)
    withdraw_claim(claim_id=claim.pk, by=trainee.user)
    for deed in (
        lambda: withdraw_claim(claim_id=claim.pk, by=trainee.user),
        lambda: resubmit_claim(claim_id=claim.pk, facts=facts(), by=trainee.user, now=NOW),
        lambda: approve_claim(claim_id=claim.pk, by=staff, now=NOW),
        lambda: refuse_claim(claim_id=claim.pk, answer="x", by=staff),
    ):
        with pytest.raises(WrongState):
            deed()
    assert not CreditEntry.objects.unscoped("tests").exists()


def test_strangers_touch_nothing(trainee, city):
    claim = submit(trainee)
    for stranger in (make_trainee(unit=city.finance_bureau), make_trainee(unit=city.cousin_bureau)):
        for deed in (
            lambda who=stranger: withdraw_claim(claim_id=claim.pk, by=who.user),
            lambda who=stranger: resubmit_claim(claim_id=claim.pk, facts=facts(), by=who.user, now=NOW),
            lambda who=stranger: approve_claim(claim_id=claim.pk, by=who.user, now=NOW),
        ):
            with pytest.raises(NotFound):
                deed()


def test_state_moves_are_those_of_the_triggers(trainee, staff, scheme):
    def entry(number):
        return CreditEntry.objects.create(
            year=2025,
            amount=1,
            hours=0,
            category="other",
            earned_on=DAY,
            cadre=trainee,
            scheme=scheme,
            source_kind="claim",
            source_ref=f"made:{number}",
            posted_by=staff,
        )

    number = 0
    for before in ClaimState.values:
        for after in ClaimState.values:
            number += 1
            if before == after:
                continue
            claim = CreditClaim.objects.create(
                cadre=trainee,
                activity="exam",
                title=f"{before}{after}",
                quantity=1,
                earned_on=DAY,
                state=before,
                submitted_by=trainee.user,
                decided_by=staff,
                decided_at=NOW,
                entry=entry(f"{number}a") if before == "approved" else None,
            )
            moved = True
            try:
                with transaction.atomic():
                    CreditClaim.objects.filter(pk=claim.pk).unscoped("tests").update(
                        state=after, entry=entry(f"{number}b") if after == "approved" else None
                    )
            except IntegrityError:
                moved = False
            assert moved == may_move(CLAIM_MOVES, before, after), (before, after)


def test_check_finds_an_entry_without_its_claim(trainee, staff):
    claim = submit(trainee)
    approve_claim(claim_id=claim.pk, by=staff, now=NOW)
    check = all_checks()["trainees.claims"]
    assert list(check()) == []
    entry = fresh(claim).entry
    entry.pk, entry.source_ref = None, "999"
    entry.save(force_insert=True)
    assert list(check()) == [f"trainees.CreditEntry {entry.pk}: no claim stands behind it"]


# --- properties --------------------------------------------------------------------------------------------------------------------------

CENTS = st.decimals("0.01", "99.99", places=2)


@given(
    st.sampled_from(CreditBasis.values), CENTS, CENTS, st.none() | CENTS, st.decimals("0", "99.99", places=2)
)
def test_a_claim_is_worth_its_rate_down_to_the_limit(basis, rate, quantity, most, recognised):
    found = ClaimReckoning(basis, rate, quantity, most, recognised, Decimal(8))
    assert abs(found.full - rate * quantity) <= Decimal("0.005")
    assert found.credits + found.cut == found.full
    assert found.credits >= 0
    if most is None:
        assert found.cut == 0
    elif recognised <= most:
        assert recognised + found.credits <= most
    assert (found.hours == 0) == (basis == CreditBasis.ITEM)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantities=st.lists(st.decimals("0.25", "9", places=2), min_size=1, max_size=5),
    most=st.integers(1, 60),
    order=st.randoms(use_true_random=False),
)
def test_the_sum_is_the_same_in_whatever_order_claims_are_approved(city, staff, quantities, most, order):
    with undone():
        scheme = make_scheme(2024, state="draft")
        basis = (CreditBasis.DAY, 8, most, CreditCategory.CONCENTRATED)
        make_rules(scheme, {RecognisedActivity.OUTSIDE_CLASS: basis})
        scheme.state = "in_force"
        scheme.save()
        cadre = make_trainee(unit=city.finance_bureau)
        claims = [
            submit(cadre, quantity=quantity, title=f"班{number}", earned_on=date(2024, 3, 4))
            for number, quantity in enumerate(quantities)
        ]
        order.shuffle(claims)
        for claim in claims:
            try:
                approve_claim(claim_id=claim.pk, by=staff, now=NOW)
            except LimitUsedUp:
                refuse_claim(claim_id=claim.pk, answer="已达上限", by=staff, now=NOW)
        entries = CreditEntry.objects.filter(cadre=cadre).unscoped("tests")
        assert sum(entry.amount for entry in entries) == min(8 * sum(quantities), most)
        assert recognised_so_far(cadre_id=cadre.pk, activity="outside_class", year=2024) == min(
            8 * sum(quantities), most
        )
        approved = CreditClaim.objects.filter(cadre=cadre, state="approved").unscoped("tests")
        assert {claim.entry_id for claim in approved} == {entry.pk for entry in entries}
