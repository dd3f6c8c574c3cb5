from django.db import migrations

# What was issued stands: number, code, digest and files of a packet never change. Only its state does, and what supersedes it.
PACKETS_STAND = """
CREATE TRIGGER "trainees_reportpacket_stands_tg" BEFORE UPDATE ON "trainees_reportpacket" FOR EACH ROW
    WHEN ((to_jsonb(OLD) - ARRAY['state', 'superseded_by_id']) IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'superseded_by_id']))
    EXECUTE FUNCTION common_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0010_list_indexes"), ("common", "0001_trigger_functions")]
    operations = [
        migrations.RunSQL(
            PACKETS_STAND,
            'DROP TRIGGER IF EXISTS "trainees_reportpacket_stands_tg" ON "trainees_reportpacket";',
        )
    ]
