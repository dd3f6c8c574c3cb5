"""Who can log in to the demo school, all by one password."""

from datetime import date

from django.contrib.auth.hashers import make_password

from faculty.models import Teacher
from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, Unit, User
from trainees.models import Cadre

PASSWORD = "liangjiang-demo"  # noqa: S105 -- printed for everybody; the demo is refused outside DEBUG
GRANTED_ON = date(2020, 1, 1)

# Login name, name, role, unit code of unit-bound roles.
OFFICES = (
    ("staff", "教务处", Role.STAFF, None),
    ("officer", "市财政局联络员", Role.OFFICER, "LJ00005"),
    ("orgdept", "市委组织部干部教育科", Role.ORGDEPT, "LJ00"),
    ("orgdept2", "澜山区委组织部", Role.ORGDEPT, "LJ01"),
    ("orgdept3", "汀洲区委组织部", Role.ORGDEPT, "LJ02"),
    ("finance", "财务科", Role.FINANCE, None),
    ("leader", "校委会", Role.LEADER, None),
    ("auditor", "审计室", Role.AUDITOR, None),
    ("admin", "系统管理员", Role.ADMIN, None),
)
# Which unit each trainee account's cadre is looked for in: colleagues, one jurisdiction, its neighbours.
TRAINEE_UNITS = (
    "LJ00005",
    "LJ00005",
    "LJ0000502",
    "LJ00003",
    "LJ00012",
    "LJ01001",
    "LJ01002",
    "LJ02001",
    "LJ02002",
)
NAMES = ("staff", "officer", "trainee", "orgdept", "teacher", "finance", "leader", "auditor", "admin")


def build_accounts(cadres: list[Cadre], teachers: list[Teacher]) -> User:
    """Store the accounts and return the one of the academic affairs office, in whose name the past was made."""
    password = make_password(PASSWORD)
    units = {unit.code: unit for unit in Unit.objects.all()}
    staff: User | None = None
    for username, name, role, code in OFFICES:
        user = _account(username, name, password, role, units[code] if code else None)
        staff = staff or user
    teacher = teachers[0]
    teacher.user = _account("teacher", teacher.name, password, Role.TEACHER)
    teacher.save(update_fields=["user"])
    free = list(cadres)
    for number, code in enumerate(TRAINEE_UNITS, 1):
        cadre = next(
            (one for one in free if one.unit.code == code and one.joined_on < date(2024, 1, 1)), free[0]
        )
        free.remove(cadre)
        cadre.user = _account(
            "trainee" if number == 1 else f"trainee{number}", cadre.name, password, Role.TRAINEE
        )
        cadre.save(update_fields=["user"])
    assert staff is not None  # noqa: S101 -- the first of OFFICES
    return staff


def _account(username: str, name: str, password: str, role: str, unit: Unit | None = None) -> User:
    user = User.objects.create(username=username, full_name=name, password=password)
    RoleGrant.objects.create(user=user, role=role, unit=unit, valid_from=GRANTED_ON)
    return user
