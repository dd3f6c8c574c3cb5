from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

NAME = "trainees_makeupplan_ended_ck"
PLANNED = Q(state="planned", ended_at__isnull=True)

# Back: somebody has to have ended it; whoever planned it stands for the portal.
GIVE_BACK = """
UPDATE trainees_makeupplan SET ended_by_id = planned_by_id WHERE state <> 'planned' AND ended_by_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("trainees", "0032_certificates"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="makeupplan", name=NAME),
        migrations.RunSQL(migrations.RunSQL.noop, GIVE_BACK),
        migrations.AddConstraint(
            model_name="makeupplan",
            constraint=models.CheckConstraint(
                name=NAME,
                condition=PLANNED
                | (~Q(state="planned") & Q(ended_at__isnull=False, ended_by__isnull=False))
                | Q(state="missed", ended_at__isnull=False),
            ),
        ),
    ]
