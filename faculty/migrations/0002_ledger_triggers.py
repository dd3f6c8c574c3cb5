from django.db import migrations

from partyschool.common.triggers import append_only, true_reversal


class Migration(migrations.Migration):
    dependencies = [("faculty", "0001_initial"), ("common", "0001_trigger_functions")]
    operations = [
        *append_only("faculty_teachingentry"),
        true_reversal("faculty_teachingentry", "teacher_id", "amount"),
    ]
