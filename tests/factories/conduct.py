from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.models import ConductWeights
from trainees.services.conduct import Entry, open_sheet, save_scores, submit_sheet
from trainees.services.conduct_moderation import release_sheet

SCORES = {"attitude": 90, "theory": 80, "party_spirit": 85}


def make_weights(year: int = 2025, **fields: int) -> ConductWeights:
    """40 / 30 / 30 without discipline; excellent from 90, good from 80, pass from 60."""
    figures = {"attitude": 40, "theory": 30, "party_spirit": 30, "discipline": 0}
    bounds = {"excellent_from": 90, "good_from": 80, "pass_from": 60}
    return ConductWeights.objects.create(year=year, **{**figures, **bounds, **fields})


class AssessedClass:
    """A main class with its class teacher, three trainees in `units` (or in units of their own) and an open sheet."""

    def __init__(self, *, units=(None, None, None), weights=None, year=2025, staff=None, **offering):
        self.staff = staff or make_user(Role.STAFF)
        self.weights = weights or make_weights(year)
        year = self.weights.year
        self.teacher = make_user(Role.TEACHER)
        lead = TeacherFactory(user=self.teacher)
        self.offering = OfferingFactory(
            kind=OfferingKind.MAIN_CLASS, year=year, lead_teacher=lead, capacity=60, **offering
        )
        self.places = [
            EnrolmentFactory(
                cadre=CadreFactory(**({"unit": unit} if unit else {})),
                offering=self.offering,
                created_by=self.staff,
            )
            for unit in units
        ]
        self.sheet = open_sheet(offering_id=self.offering.pk, by=self.staff)

    def score(self, **scores):
        """Score everybody alike."""
        entries = {place.pk: Entry({**SCORES, **scores}) for place in self.places}
        return save_scores(sheet_id=self.sheet.pk, entries=entries, by=self.teacher)

    def submit(self, **scores):
        self.score(**scores)
        self.sheet = submit_sheet(sheet_id=self.sheet.pk, by=self.teacher)
        return self.sheet

    def release(self, **scores):
        self.submit(**scores)
        self.sheet = release_sheet(sheet_id=self.sheet.pk, by=self.staff)
        return self.sheet
