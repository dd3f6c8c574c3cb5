"""What the year's targets have to say about a selection round."""

from django.utils.translation import gettext as _

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering, SelectionRound
from partyschool.standards.models import StandardTarget
from trainees.selectors.round_warnings import advises_on_rounds


@advises_on_rounds
def topics_of_the_year(found: SelectionRound) -> list[str]:
    """Whether the year of the round has as many elective topics as its target asks for. Two queries."""
    target = StandardTarget.objects.filter(year=found.year, indicator="elective_topics").first()
    if target is None:
        return []
    topics = Offering.objects.filter(year=found.year, kind=OfferingKind.ELECTIVE)
    number = topics.exclude(state=OfferingState.CANCELLED).count()
    if number >= target.target:
        return []
    return [
        _("%(year)s has %(number)s elective topics; the target of the year is %(target)s.")
        % {"year": found.year, "number": number, "target": format(target.target.normalize(), "f")}
    ]
