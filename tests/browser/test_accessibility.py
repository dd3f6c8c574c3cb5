"""The pages that everybody meets hold the rules of WCAG 2.2, levels A and AA, as axe reads them, and suit a thumb, on a desk and on a phone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.reports import ClosedYear
from tests.factories.trainees import EnrolmentFactory
from trainees.models import ReportPacket

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium", "fonts"),
    pytest.mark.django_db(transaction=True),
]

AXE = Path(__file__).resolve().parents[2] / "build/test/axe.min.js"
FAULTS = """async () => {
    const found = await axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`))
}"""
# What is shown, can be pressed and is smaller than a thumb; a link that stretches over its tile is as large as the tile.
SMALL = """() => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")].filter(one => {
    const box = one.getBoundingClientRect()
    return box.width && box.height < 44 && one.checkVisibility({visibilityProperty: true})
        && !one.closest(".visually-hidden, .skip-link") && !one.matches(".stretched-link") && !one.closest("p:not(:has(> a:only-child))")
}).map(one => one.outerHTML.slice(0, 160))"""


@pytest.fixture
def pages() -> list[tuple[Any, str]]:
    """Who looks at what: a reader (None: nobody logged in) and a path."""
    year = ClosedYear()
    east = year.city.east
    year.report_to(east)
    packet = ReportPacket.objects.unscoped("tests").get(recipient=east)
    cadre = year.cadre(year.city.finance_bureau, 24, user=make_user(Role.TRAINEE))
    _fill_round(cadre, year.staff)
    orgdept = make_user(Role.ORGDEPT, unit=east)
    session = _announce_session()
    failed = year.failed[year.city.finance_bureau.pk]
    return [
        (None, "/accounts/login/?next=/credits/"),
        (None, "/verify/ABCD-EFGH-JKLM-NPQR/"),
        (None, f"/verify/{packet.code}/"),
        (None, "/forum/"),
        (None, f"/forum/session/{session.pk}/"),
        (cadre.user, "/"),
        (cadre.user, "/electives/"),
        (cadre.user, "/calendar/"),
        (cadre.user, "/credits/?year=2025"),
        (cadre.user, "/notices/"),
        (year.staff, "/"),
        (year.staff, "/jobs/"),
        (orgdept, "/"),
        (orgdept, "/organisation/?year=2025"),
        (orgdept, "/organisation/cadres/?year=2025"),
        (orgdept, f"/organisation/cadres/{failed.pk}/?year=2025"),
    ]


def _announce_session() -> Any:
    """A forum session that people can enrol in."""
    start = clock.now() + timedelta(days=30)
    day = clock.school_date(start)
    made = OfferingFactory(
        kind=OfferingKind.FORUM,
        title="两江讲坛：科技创新",
        year=day.year,
        starts_on=day,
        ends_on=day,
        lead_teacher=TeacherFactory(title="教授"),
        selection_round=SelectionRoundFactory(name="两江讲坛"),
    )
    LessonFactory(offering=made, starts_at=start, ends_at=start + timedelta(hours=3))
    return made


def _fill_round(cadre: Any, staff: Any) -> None:
    """A round with a topic that is free, one that is full, and one that the cadre has."""
    found = SelectionRoundFactory(name="2026年度自主选学")
    free, full, own = (
        OfferingFactory(selection_round=found, title=title, capacity=seats)
        for title, seats in (("数字政府", 40), ("公文写作", 1), ("应急管理", 40))
    )
    for number, topic in enumerate((free, full, own)):
        start = clock.now() + timedelta(days=20 + number)
        LessonFactory(offering=topic, starts_at=start, ends_at=start + timedelta(hours=3))
    EnrolmentFactory(offering=full, created_by=staff)
    EnrolmentFactory(offering=own, cadre=cadre, created_by=staff)


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_pages_everybody_meets_have_no_barriers(pages, live_server, new_page, client, phone):
    faults = []
    for reader, path in pages:
        page = new_page(phone=phone)
        if reader:
            client.force_login(reader)
            session = client.cookies["sessionid"].value
            page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.goto(f"{live_server.url}{path}")
        page.evaluate(AXE.read_text())
        found = page.evaluate(FAULTS)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append("wider than the screen")
        if phone:
            found += [f"smaller than a thumb: {one}" for one in page.evaluate(SMALL)]
        faults += [f"{path} {fault}" for fault in found]
        page.close()
    assert faults == []
