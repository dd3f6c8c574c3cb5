"""Which model permissions each role holds, as patterns over `app.action_model`.

Personal data stays limited by scope on top of this. System administrators manage accounts and see no trainee records.
"""

from fnmatch import fnmatchcase

from .enums import Role

ROLE_PERMISSIONS: dict[str, tuple[str, ...]] = {
    Role.STAFF: (
        "courses.*",
        "faculty.*",
        "trainees.*",
        "accounts.view_unit",
        "accounts.add_unit",
        "accounts.change_unit",
        "jobs.view_*",
        "notices.view_*",
        "notices.change_outgoingmail",
        "standards.*",
        "budget.view_*",
    ),
    Role.FINANCE: ("budget.*", "courses.view_offering", "faculty.view_teacher", "faculty.view_teachingentry"),
    Role.AUDITOR: (
        "courses.view_*",
        "faculty.view_*",
        "trainees.view_*",
        "budget.view_*",
        "accounts.view_*",
        "audit.view_*",
        "jobs.view_*",
        "notices.view_outgoingmail",
        "standards.view_*",
    ),
    Role.ADMIN: ("accounts.*", "jobs.view_*", "notices.view_outgoingmail", "notices.change_outgoingmail"),
}


def role_allows(role: str, permission: str) -> bool:
    """Whether `role` holds `permission`; a permission that ends in `.` asks for any of that app."""
    patterns = ROLE_PERMISSIONS.get(role, ())
    if permission.endswith("."):
        return any(pattern.startswith(permission) for pattern in patterns)
    return any(fnmatchcase(permission, pattern) for pattern in patterns)
