from django.db import migrations

from partyschool.common.triggers import append_only, no_delete, true_reversal

# The seat row of an offering follows every change of an enrolment's state, on any path. Taking a seat from a full offering
# violates courses_seatcount_taken_ck; moving a seat of a closed (frozen) offering is refused here.
MOVE_SEAT = """
CREATE FUNCTION trainees_move_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seated constant text[] := ARRAY['enrolled', 'completed', 'not_completed'];
    step integer := (NEW.state = ANY (seated))::integer;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.offering_id <> OLD.offering_id OR NEW.cadre_id <> OLD.cadre_id THEN
            RAISE EXCEPTION 'an enrolment keeps its cadre and its offering'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_enrolment_kept_tg', TABLE = TG_TABLE_NAME;
        END IF;
        step := step - (OLD.state = ANY (seated))::integer;
    END IF;
    IF step <> 0 THEN
        UPDATE courses_seatcount SET taken = taken + step WHERE offering_id = NEW.offering_id AND NOT frozen;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'offering % has no open seats', NEW.offering_id
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_enrolment_frozen_tg', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_enrolment_move_seat_tg" AFTER INSERT OR UPDATE ON "trainees_enrolment"
    FOR EACH ROW EXECUTE FUNCTION trainees_move_seat();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("trainees", "0001_initial"),
        ("courses", "0002_seat_rules"),
        ("common", "0001_trigger_functions"),
    ]
    operations = [
        *no_delete("trainees_enrolment"),
        migrations.RunSQL(
            MOVE_SEAT,
            'DROP TRIGGER IF EXISTS "trainees_enrolment_move_seat_tg" ON "trainees_enrolment"; DROP FUNCTION IF EXISTS trainees_move_seat();',
        ),
        *append_only("trainees_creditentry"),
        true_reversal("trainees_creditentry", "cadre_id", "amount", "hours"),
        *append_only("trainees_attendancemark"),
        *no_delete("trainees_yearlyassessment"),
        *no_delete("trainees_reportpacket"),
    ]
