"""What is taught: titles of classes, lessons, electives and forum sessions."""

from courses.enums import CourseModule, OfferingKind, Signboard, TeachingMethod

ROOMS = (
    ("R01", "学术报告厅", 300),
    ("R02", "多媒体教室一", 60),
    ("R03", "多媒体教室二", 60),
    ("R04", "讨论室一", 25),
    ("R05", "讨论室二", 25),
    ("R06", "机考测试室", 50),
    ("R07", "电子阅览室", 40),
)

CLASSES = (
    ("科级干部进修班", Signboard.PARTY_SCHOOL),
    ("中青年干部培训班", Signboard.PARTY_SCHOOL),
    ("公务员在职培训班", Signboard.ADMINISTRATION_SCHOOL),
    ("事业单位管理人员培训班", Signboard.ADMINISTRATION_SCHOOL),
    ("企业经营管理人员培训班", Signboard.PARTY_SCHOOL),
    ("党外代表人士培训班", Signboard.SOCIALISM_SCHOOL),
)

CLASS_LESSONS = (
    ("开班动员与形势报告", CourseModule.THEORY, TeachingMethod.LECTURE),
    ("党的创新理论的立场观点方法", CourseModule.THEORY, TeachingMethod.LECTURE),
    ("党章党规党纪专题辅导", CourseModule.PARTY_SPIRIT, TeachingMethod.LECTURE),
    ("党性分析与交流", CourseModule.PARTY_SPIRIT, TeachingMethod.INTERACTIVE),
    ("革命传统教育现场教学", CourseModule.PARTY_SPIRIT, TeachingMethod.EXPERIENTIAL),
    ("县域经济高质量发展", CourseModule.CAPABILITY, TeachingMethod.CASE),
    ("基层社会治理的路径与方法", CourseModule.CAPABILITY, TeachingMethod.CASE),
    ("依法行政与法治思维", CourseModule.PROFESSIONAL, TeachingMethod.LECTURE),
    ("乡村全面振兴的实践案例", CourseModule.CAPABILITY, TeachingMethod.CASE),
    ("突发事件处置与新闻发布模拟", CourseModule.CAPABILITY, TeachingMethod.SIMULATION),
    ("数字政府建设与数据思维", CourseModule.PROFESSIONAL, TeachingMethod.LECTURE),
    ("生态文明与绿色发展", CourseModule.PROFESSIONAL, TeachingMethod.LECTURE),
    ("领导干部心理调适", CourseModule.MENTAL_HEALTH, TeachingMethod.INTERACTIVE),
    ("社会主义核心价值观与家风建设", CourseModule.MORALS, TeachingMethod.LECTURE),
    ("统一战线理论与政策", CourseModule.THEORY, TeachingMethod.LECTURE),
    ("公文写作与调查研究", CourseModule.PROFESSIONAL, TeachingMethod.INTERACTIVE),
    ("安全生产与风险防范", CourseModule.PROFESSIONAL, TeachingMethod.CASE),
    ("营商环境优化研讨", CourseModule.CAPABILITY, TeachingMethod.INTERACTIVE),
    ("警示教育", CourseModule.PARTY_SPIRIT, TeachingMethod.EXPERIENTIAL),
    ("学员论坛与结业测试", CourseModule.THEORY, TeachingMethod.INTERACTIVE),
)

# Title, summary, module, method, seats of the small school. In pairs: two topics share a half-day, so they clash.
TOPICS = (
    (
        "党的创新理论的精髓要义",
        "围绕立场观点方法，结合本市实践进行专题讲授和交流。",
        CourseModule.THEORY,
        TeachingMethod.LECTURE,
        60,
    ),
    (
        "新形势下基层党组织建设",
        "剖析基层党建的难点堵点，分享先进支部的工作方法。",
        CourseModule.PARTY_SPIRIT,
        TeachingMethod.CASE,
        50,
    ),
    (
        "县域经济高质量发展案例研讨",
        "以三个产业园区为例，分组研讨招商引资与产业链建设。",
        CourseModule.CAPABILITY,
        TeachingMethod.CASE,
        40,
    ),
    (
        "领导干部心理调适与压力管理",
        "由心理健康教师带领体验式训练，限小班。",
        CourseModule.MENTAL_HEALTH,
        TeachingMethod.EXPERIENTIAL,
        20,
    ),
    (
        "突发事件处置与媒体应对",
        "情景模拟新闻发布会，现场点评。",
        CourseModule.CAPABILITY,
        TeachingMethod.SIMULATION,
        30,
    ),
    (
        "数字政府与数据思维",
        "讲解数据共享与一网通办，走进市数据中心。",
        CourseModule.PROFESSIONAL,
        TeachingMethod.LECTURE,
        40,
    ),
    (
        "中华优秀传统文化与党性修养",
        "从经典中汲取修身为政的智慧。",
        CourseModule.MORALS,
        TeachingMethod.LECTURE,
        10,
    ),
    (
        "涉外礼仪与对外交流",
        "小班实训，席位有限，先到先得。",
        CourseModule.PROFESSIONAL,
        TeachingMethod.INTERACTIVE,
        3,
    ),
)

FORUM_SERIES = "liangjiang-forum"
FORUM = (
    ("长江流域生态保护与绿色发展", CourseModule.PROFESSIONAL),
    ("科技创新与产业变革", CourseModule.PROFESSIONAL),
    ("城市更新与民生改善", CourseModule.CAPABILITY),
    ("文化传承与城市精神", CourseModule.MORALS),
)

ONLINE = (
    ("党的理论教育（网络必修）", CourseModule.THEORY),
    ("法治素养（网络必修）", CourseModule.PROFESSIONAL),
    ("应急管理（网络选修）", CourseModule.CAPABILITY),
)

UPCOMING = ("年末重点任务落实专题研讨班", OfferingKind.SPECIAL_CLASS)
