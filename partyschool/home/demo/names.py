"""Generated names and citizen numbers. Nobody real is meant, and no real person can hold one of these numbers."""

from datetime import date, timedelta
from random import Random

from stdnum.cn import ric

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
DOUBLE_SURNAMES = ("欧阳", "司徒", "上官", "诸葛")
GIVEN = (
    "伟芳敏静丽强磊洋艳勇杰娟涛明超秀霞平刚桂英华玉兰红建国志文军辉婷宇浩然欣怡嘉琪子涵思远雨晨晓峰海波云飞"
    "春梅雪莲立新永康庆丰安宁博学慧心佳颖君豪俊逸凯旋乐天临风梦瑶宁静攀登启航清源若水书砚松柏亭蔚翔宇雅致泽润"
)
# Names that put fonts, sorting and column widths to the test.
RARE = ("龚䶮", "周㛃", "陈𬭚", "吴龑", "阿依努尔·吐尔逊江·买买提艾力")

# A province-level code: registers accept it as a place, and it was never given to a person.
PLACE = "420000"
OLDEST = date(1966, 1, 1)
YOUNGEST = date(2000, 12, 31)


def person_name(random: Random) -> str:
    """A surname and one or two given characters."""
    surname = random.choice(DOUBLE_SURNAMES) if random.random() < 0.01 else random.choice(SURNAMES)
    return surname + "".join(random.choices(GIVEN, k=1 if random.random() < 0.25 else 2))


class CitizenNumbers:
    """Draws citizen numbers with a valid check digit, none twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._drawn: set[str] = set()

    def draw(self) -> str:
        """The next number: someone born from 1966 to 2000."""
        while True:
            born = OLDEST + timedelta(days=self._random.randrange((YOUNGEST - OLDEST).days + 1))
            body = f"{PLACE}{born:%Y%m%d}{self._random.randrange(1, 1000):03}"
            if body not in self._drawn:
                self._drawn.add(body)
                return body + ric.calc_check_digit(body + "0")
