from django.db import migrations

# A mark joins an enrolment and a lesson of one offering, or credits would go to somebody who was never there. Looked at once per
# statement: a roll is written as a whole.
MARKS_FIT = """
CREATE FUNCTION trainees_marks_fit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh
                 JOIN trainees_enrolment enrolment ON enrolment.id = fresh.enrolment_id
                 JOIN courses_lesson lesson ON lesson.id = fresh.lesson_id
                WHERE enrolment.offering_id <> lesson.offering_id) THEN
        RAISE EXCEPTION 'a mark belongs to the offering of its lesson'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_attendancemark_fits_tg" AFTER INSERT ON "trainees_attendancemark"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trainees_marks_fit();
"""
LET_GO = """
DROP TRIGGER IF EXISTS "trainees_attendancemark_fits_tg" ON "trainees_attendancemark";
DROP FUNCTION IF EXISTS trainees_marks_fit();
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0008_state_words"), ("courses", "0003_lessons_stand")]
    operations = [migrations.RunSQL(MARKS_FIT, LET_GO)]
