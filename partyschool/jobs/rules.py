from typing import Any

from partyschool.accounts.enums import Role
from partyschool.jobs.models import Job


def may_manage(user: Any, job: Job) -> bool:
    """Whether `user` may cancel and retry `job`: its owner and the school's staff. An auditor sees all and touches nothing."""
    return job.owner_id == user.pk or user.scope.has(Role.STAFF)
