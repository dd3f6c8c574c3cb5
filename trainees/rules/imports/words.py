"""What people write for a column, a rank or a category, beside the portal's own words for it: files come from many offices."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import translation

from trainees.enums import CadreCategory, Rank

COLUMN_WORDS = {
    "code": "编号 工号 干部编号 人员编号 干部工号 code",
    "name": "姓名 干部姓名 名字 name",
    "unit": "单位 所在单位 工作单位 单位名称 单位代码 单位编码 部门 unit",
    "rank": "职级 职务层次 层次 级别 职务级别 行政级别 rank",
    "category": "类别 人员类别 干部类别 身份类别 人员身份 category",
    "post": "职务 现任职务 岗位 职位 工作单位及职务 post",
    "posted_on": "任现职时间 任现职日期 任职时间 任职日期 现任职务时间",
    "term_until": "任期届满日期 任期届满 任期届满时间 届满日期 任期止",
    "citizen_no": "身份证号 身份证号码 身份证 公民身份号码 公民身份证号码 证件号码 身份号码 idnumber",
    "joined_on": "入册日期 入册时间 在册日期 登记日期",
    "left_on": "出册日期 离册日期 出册时间 离册时间",
}
RANK_WORDS = {
    Rank.COUNTY_DIVISION: "县处级 处级 正处级 副处级 县处级正职 县处级副职 县(处)级",
    Rank.TOWNSHIP_SECTION: "乡科级 科级 正科级 副科级 乡科级正职 乡科级副职 乡(科)级",
    Rank.STAFF: "科员级 科员 一般干部 办事员",
}
CATEGORY_WORDS = {
    CadreCategory.CIVIL_SERVANT: "公务员 参公人员 参照公务员法管理人员 参照管理人员",
    CadreCategory.INSTITUTION_MANAGER: "事业单位管理人员 事业单位领导人员 事业管理人员 事业编制 事业",
    CadreCategory.ENTERPRISE_EXECUTIVE: "企业领导人员 企业经营管理人员 国有企业领导人员 企业高管 企业",
    CadreCategory.NON_PARTY: "党外人士 党外代表人士 党外干部 无党派人士",
}


def in_every_language(text: Any) -> Iterable[str]:
    """`text` as each language of the portal says it: a template may have been downloaded in any of them."""
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            yield str(text)
