"""Ranking the topics of a draw on a phone, by keyboard alone, and without script; the result and the public check."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from partyschool.common import clock
from tests.factories.courses import LessonFactory, RoomFactory
from tests.factories.draws import Draw
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from trainees.models import Ranking

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]

TITLES = [
    "习近平新时代中国特色社会主义思想的世界观和方法论",
    "乡村全面振兴的县域实践",
    "领导干部心理健康与压力管理",
    "数字政府建设与基层治理",
    "突发事件应对与舆情引导",
    "党内法规与纪律教育",
]


@pytest.fixture
def draw() -> Draw:
    """A draw of six topics, one of which clashes with a class of the trainee."""
    made = Draw(seats=(40, 40, 40, 1, 40, 40), people=1, name="2026年度自主选学摇号轮")
    start = clock.now().replace(hour=0, minute=30, second=0, microsecond=0) + timedelta(days=20)
    for number, (topic, title) in enumerate(zip(made.topics, TITLES, strict=True)):
        topic.title, topic.lead_teacher = title, TeacherFactory(name=f"教师{number + 1}", title="副教授")
        topic.save()
        begin = start + timedelta(days=number)
        LessonFactory(
            offering=topic,
            title=title,
            room=RoomFactory(name=f"{number + 1}号报告厅"),
            starts_at=begin,
            ends_at=begin + timedelta(hours=3),
        )
    begin = start + timedelta(days=4)
    own = LessonFactory(title="党性教育", starts_at=begin, ends_at=begin + timedelta(hours=2))
    EnrolmentFactory(cadre=made.cadres[0], offering=own.offering)
    return made


def log_in(page: Any, live_server: Any, cadre: Any) -> None:
    client = Client()
    client.force_login(cadre.user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def saved(draw: Draw) -> list[int]:
    """The places in `draw.topics` of what is stored, best first."""
    ranking = Ranking.objects.filter(selection_round=draw.pk).unscoped("test").get()
    numbers = {topic.pk: number for number, topic in enumerate(draw.topics)}
    return [numbers[pk] for pk in ranking.offerings]


def box(page: Any, draw: Draw, number: int) -> Any:
    return page.locator(f"#place-{draw.topics[number].pk}")


def shown(page: Any) -> list[str]:
    return page.locator(".wish-ranked .wish-title").all_inner_texts()


def test_topics_are_ranked_on_a_phone(draw, live_server, new_page, screenshots):
    page = new_page(phone=True)
    log_in(page, live_server, draw.cadres[0])
    page.goto(f"{live_server.url}/electives/")
    box(page, draw, 2).select_option("1")
    box(page, draw, 0).select_option("2")
    # A place that is taken moves the others down instead of meeting them.
    box(page, draw, 1).select_option("1")
    assert shown(page) == [TITLES[1], TITLES[2], TITLES[0]]
    page.locator(f".wish:has(#place-{draw.topics[0].pk}) [data-move='-1']").click()
    assert shown(page) == [TITLES[1], TITLES[0], TITLES[2]]
    assert page.locator("[data-ranking-state]").inner_text() != ""
    page.screenshot(path=screenshots / "ranking-phone.png", full_page=True)
    page.locator("form[data-ranking] button.btn-primary").click()
    page.wait_for_url("**/electives/#draw-*")
    assert saved(draw) == [1, 0, 2]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        """() => [...document.querySelectorAll('form[data-ranking] :is(button, select)')]
                 .filter(one => one.offsetParent && (one.offsetHeight < 44 || one.offsetWidth < 44)).map(one => one.outerHTML)"""
    )
    assert small == []
    page.screenshot(path=screenshots / "ranking-phone-saved.png", full_page=True)


def test_topics_are_ranked_by_keyboard_alone(draw, live_server, new_page, screenshots):
    page = new_page()
    log_in(page, live_server, draw.cadres[0])
    page.goto(f"{live_server.url}/electives/")

    def tab_to(selector: str) -> None:
        for _step in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"the keyboard never reaches {selector}")

    up = f".wish:has(#place-{draw.topics[3].pk}) [data-move='-1']"
    tab_to(f"#place-{draw.topics[1].pk}")
    page.keyboard.press("ArrowDown")
    tab_to(up)
    page.keyboard.press("Enter")
    assert shown(page) == [TITLES[1], TITLES[3]]
    assert page.evaluate("selector => document.activeElement.matches(selector)", up)
    page.keyboard.press("Enter")
    assert shown(page) == [TITLES[3], TITLES[1]]
    assert TITLES[3] in page.locator("#live").inner_text()
    tab_to("form[data-ranking] button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/electives/#draw-*")
    assert saved(draw) == [3, 1]
    page.screenshot(path=screenshots / "ranking-desk.png", full_page=True)


def test_topics_are_ranked_without_script(draw, live_server, chromium, screenshots):
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN"
    )
    page = context.new_page()
    log_in(page, live_server, draw.cadres[0])
    page.goto(f"{live_server.url}/electives/")
    box(page, draw, 5).select_option("1")
    box(page, draw, 0).select_option("1")
    page.locator("form[data-ranking] button.btn-primary").click()
    assert page.locator("#ranking-refusal").is_visible()
    assert [box(page, draw, number).input_value() for number in (5, 0)] == ["1", "1"]
    page.screenshot(path=screenshots / "ranking-no-script-refused.png", full_page=True)
    box(page, draw, 0).select_option("2")
    page.locator("form[data-ranking] button.btn-primary").click()
    assert saved(draw) == [5, 0]
    page.locator("form[data-ranking] button[name=clear]").click()
    assert saved(draw) == []
    context.close()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_result_is_explained_and_can_be_checked(draw, live_server, new_page, screenshots, phone):
    (cadre,) = draw.cadres
    others = [make_trainee(unit=draw.unit) for _each in range(4)]
    for one in (cadre, *others):
        draw.rank(one, 3, 4, 0, 1)
    draw.seal()
    draw.hold()
    draw.publish()
    page = new_page(phone=phone)
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/electives/")
    page.locator("#my-draws").wait_for()
    page.locator(f"a[href$='/rounds/{draw.pk}/result/']").click()
    width = "phone" if phone else "desk"
    page.screenshot(path=screenshots / f"draw-result-{width}.png", full_page=True)
    assert page.locator("table .tag-success").count() >= 1
    page.locator(f"a[href='/draws/{draw.pk}/']").click()
    assert draw.found.seed in page.locator("main").inner_text()
    with page.expect_download() as download:
        page.locator("a[href$='sealed.json']").click()
    assert download.value.suggested_filename == f"draw-{draw.pk}-sealed.json"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=screenshots / f"draw-public-{width}.png", full_page=True)


def test_staff_compare_the_mechanisms(draw, live_server, new_page, screenshots):
    for number in range(30):
        draw.rank(make_trainee(unit=draw.unit), *((number + step) % 4 for step in range(4)))
    draw.seal()
    draw.hold()
    page = new_page()
    client = Client()
    client.force_login(draw.staff)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto(f"{live_server.url}/admin/trainees/selectiondraw/{draw.pk}/change/")
    page.locator(".draw-compare").wait_for()
    assert page.locator(".chart-canvas canvas").count() == 2
    page.screenshot(path=screenshots / "draw-review.png", full_page=True)
