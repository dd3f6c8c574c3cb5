from django.db import migrations

from partyschool.common.triggers import keep_whole, no_delete

# Half-empty pages keep the often updated seat rows in place (heap-only updates, no index work).
FILLFACTOR = 'ALTER TABLE "courses_seatcount" SET (fillfactor = 50);'


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial"), ("common", "0001_trigger_functions")]
    operations = [
        *no_delete("courses_offering"),
        keep_whole("courses_seatcount"),
        migrations.RunSQL(FILLFACTOR, 'ALTER TABLE "courses_seatcount" RESET (fillfactor);'),
    ]
