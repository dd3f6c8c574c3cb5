import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A check-in joins an enrolment and a lesson of one offering, and the marks that follow from it are that person's.
CHECK_INS_FIT = """
CREATE TRIGGER "trainees_checkin_fits_tg" AFTER INSERT ON "trainees_checkin"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trainees_marks_fit();
CREATE FUNCTION trainees_marks_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh JOIN trainees_checkin seen ON seen.id = fresh.check_in_id
                WHERE seen.enrolment_id <> fresh.enrolment_id) THEN
        RAISE EXCEPTION 'a mark follows from a check-in of the same person'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_attendancemark_follows_tg" AFTER INSERT ON "trainees_attendancemark"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trainees_marks_follow();
"""
LET_GO = """
DROP TRIGGER IF EXISTS "trainees_attendancemark_follows_tg" ON "trainees_attendancemark";
DROP FUNCTION IF EXISTS trainees_marks_follow();
DROP TRIGGER IF EXISTS "trainees_checkin_fits_tg" ON "trainees_checkin";
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_unit_changes'),
        ('trainees', '0027_sealed_years'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodeTries',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('since', models.DateTimeField()),
                ('number', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'typed check-in codes',
                'verbose_name_plural': 'typed check-in codes',
            },
        ),
        migrations.RunSQL(CHECK_INS_FIT, LET_GO),
    ]
