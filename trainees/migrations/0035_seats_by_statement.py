import importlib

from django.db import migrations

# A draw enrols tens of thousands in one topic by one statement. A trigger for each row wrote the seat row as many times, and PostgreSQL
# walks all versions of a row that one transaction has written: the time grew with the square. So the seat row is moved once for each
# statement and offering, in the order of offerings. As before, whoever takes a seat holds its row until the commit, and behind the
# lock the checks of the row decide; a statement that would break them fails as a whole. PostgreSQL fires triggers of statements behind
# those of rows, so the line, whose rows come behind the seat row in the order of locks, is left by statement as well, and by a name
# that comes behind.
MOVE_SEATS = """
DROP TRIGGER "trainees_enrolment_move_seat_tg" ON "trainees_enrolment";
DROP FUNCTION trainees_move_seat();
DROP TRIGGER "trainees_enrolment_out_of_line_tg" ON "trainees_enrolment";
DROP FUNCTION trainees_out_of_line();

CREATE FUNCTION trainees_keep_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.offering_id, NEW.cadre_id) IS DISTINCT FROM (OLD.id, OLD.offering_id, OLD.cadre_id) THEN
        RAISE EXCEPTION 'an enrolment keeps its cadre and its offering'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_enrolment_kept_tg" BEFORE UPDATE ON "trainees_enrolment"
    FOR EACH ROW EXECUTE FUNCTION trainees_keep_place();

CREATE FUNCTION trainees_move_seats(offering bigint, step integer, reserved_step integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE courses_seatcount SET taken = taken + step, reserved_taken = reserved_taken + reserved_step
     WHERE offering_id = offering AND NOT frozen;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'offering % has no open seats', offering
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_enrolment_frozen_tg', TABLE = 'trainees_enrolment';
    END IF;
END $$;

CREATE FUNCTION trainees_take_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    topic record;
BEGIN
    FOR topic IN
        SELECT offering_id AS id, count(*)::integer AS step, count(reservation_id)::integer AS reserved
          FROM given WHERE state IN ('enrolled', 'held', 'completed', 'not_completed') GROUP BY offering_id ORDER BY offering_id
    LOOP
        PERFORM trainees_move_seats(topic.id, topic.step, topic.reserved);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_enrolment_give_seats_tg" AFTER INSERT ON "trainees_enrolment"
    REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION trainees_take_seats();

CREATE FUNCTION trainees_change_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seated constant text[] := ARRAY['enrolled', 'held', 'completed', 'not_completed'];
    topic record;
BEGIN
    FOR topic IN
        SELECT moved.offering_id AS id, sum(moved.step)::integer AS step,
               sum(CASE WHEN moved.reservation_id IS NULL THEN 0 ELSE moved.step END)::integer AS reserved
          FROM (SELECT n.offering_id, n.reservation_id,
                       (n.state = ANY (seated))::integer - (o.state = ANY (seated))::integer AS step
                  FROM new_rows n JOIN old_rows o ON o.id = n.id) moved
         WHERE moved.step <> 0 GROUP BY moved.offering_id ORDER BY moved.offering_id
    LOOP
        PERFORM trainees_move_seats(topic.id, topic.step, topic.reserved);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_enrolment_move_seats_tg" AFTER UPDATE ON "trainees_enrolment"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trainees_change_seats();

CREATE FUNCTION trainees_out_of_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trainees_waitingentry entry
       SET state = 'accepted', enrolment_id = given.id, ended_at = given.created_at, ended_by_id = given.created_by_id,
           skipped_code = '', skipped_facts = ''
      FROM given
     WHERE given.state = 'enrolled' AND entry.cadre_id = given.cadre_id AND entry.offering_id = given.offering_id
       AND entry.state IN ('waiting', 'skipped');
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_enrolment_out_of_line_tg" AFTER INSERT ON "trainees_enrolment"
    REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION trainees_out_of_line();
"""

# Back: the rules of migrations 0002, 0014 and 0017, as they were.
_first, _seats, _line = (
    importlib.import_module(f"trainees.migrations.{name}")
    for name in ("0002_seat_and_ledger_triggers", "0014_seat_assignment", "0017_lines_move")
)
MOVE_ROW_BY_ROW = (
    """
DROP TRIGGER "trainees_enrolment_out_of_line_tg" ON "trainees_enrolment";
DROP TRIGGER "trainees_enrolment_give_seats_tg" ON "trainees_enrolment";
DROP TRIGGER "trainees_enrolment_move_seats_tg" ON "trainees_enrolment";
DROP TRIGGER "trainees_enrolment_kept_tg" ON "trainees_enrolment";
DROP FUNCTION trainees_out_of_line(), trainees_take_seats(), trainees_change_seats(), trainees_keep_place();
DROP FUNCTION trainees_move_seats(bigint, integer, integer);
"""
    + _first.MOVE_SEAT
    + _seats.MOVE_SEAT
    + _line.OUT_OF_LINE
)


class Migration(migrations.Migration):
    dependencies = [("trainees", "0034_dated_rules")]
    operations = [migrations.RunSQL(MOVE_SEATS, MOVE_ROW_BY_ROW)]
