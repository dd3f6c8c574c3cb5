from django.db import migrations

# Closing an offering turns its lessons into credits and teaching hours: from then on the timetable stands, on any path. The offering
# is looked at under a key-share lock, so whoever changes a lesson while it is being closed waits, and then finds it closed.
LESSONS_STAND = """
CREATE FUNCTION courses_lesson_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offering bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.offering_id ELSE OLD.offering_id END;
    state text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.offering_id <> OLD.offering_id THEN
        RAISE EXCEPTION 'a lesson keeps its offering'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    SELECT o.state INTO state FROM courses_offering o WHERE o.id = offering FOR KEY SHARE;
    IF state IN ('closed', 'cancelled') THEN
        RAISE EXCEPTION 'the timetable of offering % stands, it is %', offering, state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER "courses_lesson_stands_tg" BEFORE INSERT OR UPDATE OR DELETE ON "courses_lesson"
    FOR EACH ROW EXECUTE FUNCTION courses_lesson_stands();
"""
LET_GO = """
DROP TRIGGER IF EXISTS "courses_lesson_stands_tg" ON "courses_lesson";
DROP FUNCTION IF EXISTS courses_lesson_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("courses", "0002_seat_rules")]
    operations = [migrations.RunSQL(LESSONS_STAND, LET_GO)]
