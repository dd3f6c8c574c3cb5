"""Views of the credit report that an organisation department and a unit officer keep."""

from partyschool.accounts.models import User
from trainees.models import SavedView
from trainees.selectors.saved_views import REPORT
from trainees.services.saved_views import save_view

COLUMNS = "&".join(
    f"columns={key}" for key in ("code", "unit", "rank", "counted", "needed", "missing", "reasons")
)
VIEWS = (
    ("orgdept", "不合格人员及所缺学分", f"result=fail&sort=least&{COLUMNS}"),
    ("orgdept", "县处级干部", "rank=county_division&sort=unit"),
    ("officer", "本单位优秀等次", "grade=excellent&sort=most"),
)


def keep_views() -> None:
    """Store the views, each once."""
    for username, name, query in VIEWS:
        by = User.objects.get(username=username)
        if not SavedView.objects.visible_to(by).filter(page=REPORT, name=name).exists():
            save_view(page=REPORT, name=name, query=query, by=by)
