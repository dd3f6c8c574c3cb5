from django.db import migrations

from partyschool.common.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("common", "0001_trigger_functions")]
    operations = [*append_only("audit_auditevent"), *append_only("audit_auditseal")]
