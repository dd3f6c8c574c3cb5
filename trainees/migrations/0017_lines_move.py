from django.db import migrations

# Whenever more seats are free than before, those who were skipped stand in line again, in the same transaction: no newcomer slips in
# before they have been asked. The seat row is locked by then, so the order seat row → entries holds.
REOPEN_LINE = """
CREATE FUNCTION trainees_reopen_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trainees_waitingentry SET state = 'waiting', skipped_code = '', skipped_facts = ''
     WHERE offering_id = NEW.offering_id AND state = 'skipped';
    RETURN NULL;
END $$;
CREATE TRIGGER "courses_seatcount_reopen_line_tg" AFTER UPDATE ON "courses_seatcount" FOR EACH ROW
    WHEN (NEW.capacity - NEW.reserved - NEW.taken + NEW.reserved_taken > OLD.capacity - OLD.reserved - OLD.taken + OLD.reserved_taken
          OR NEW.reserved - NEW.reserved_taken > OLD.reserved - OLD.reserved_taken)
    EXECUTE FUNCTION trainees_reopen_line();
"""

# Who has the seat, on whatever path, stands in line no more. Named so that it fires behind the trigger that locks the seat row.
OUT_OF_LINE = """
CREATE FUNCTION trainees_out_of_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trainees_waitingentry
       SET state = 'accepted', enrolment_id = NEW.id, ended_at = NEW.created_at, ended_by_id = NEW.created_by_id,
           skipped_code = '', skipped_facts = ''
     WHERE cadre_id = NEW.cadre_id AND offering_id = NEW.offering_id AND state IN ('waiting', 'skipped');
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_enrolment_out_of_line_tg" AFTER INSERT ON "trainees_enrolment" FOR EACH ROW
    WHEN (NEW.state = 'enrolled') EXECUTE FUNCTION trainees_out_of_line();
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0016_desk"), ("courses", "0005_commitments_and_reservations")]
    operations = [
        migrations.RunSQL(
            REOPEN_LINE,
            'DROP TRIGGER "courses_seatcount_reopen_line_tg" ON "courses_seatcount"; DROP FUNCTION trainees_reopen_line();',
        ),
        migrations.RunSQL(
            OUT_OF_LINE,
            'DROP TRIGGER "trainees_enrolment_out_of_line_tg" ON "trainees_enrolment"; DROP FUNCTION trainees_out_of_line();',
        ),
    ]
