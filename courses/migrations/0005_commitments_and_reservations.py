from django.db import migrations

from partyschool.common.triggers import no_delete

# A draw's promises stand: how it draws from the opening on, the hash of its seed from the opening on, the hash of the sealed
# preferences once it is there, the seed once it is published.
KEEP_COMMITMENTS = """
CREATE FUNCTION courses_keep_commitments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state <> 'draft' AND (NEW.mode, NEW.mechanism, NEW.seed_hash, NEW.place_non_voters)
                                 IS DISTINCT FROM (OLD.mode, OLD.mechanism, OLD.seed_hash, OLD.place_non_voters))
       OR (OLD.preferences_hash <> '' AND NEW.preferences_hash <> OLD.preferences_hash)
       OR (OLD.seed <> '' AND NEW.seed <> OLD.seed) THEN
        RAISE EXCEPTION 'a draw keeps what it has announced'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'courses_selectionround_commitments_tg', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "courses_selectionround_commitments_tg" BEFORE UPDATE ON "courses_selectionround"
    FOR EACH ROW EXECUTE FUNCTION courses_keep_commitments();
"""

# The seat row knows how many of its seats are reserved, whoever writes the reservations.
SUM_RESERVATIONS = """
CREATE FUNCTION courses_sum_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step integer := 0;
    subject bigint;
BEGIN
    IF TG_OP <> 'DELETE' THEN step := NEW.seats; subject := NEW.offering_id; END IF;
    IF TG_OP <> 'INSERT' THEN step := step - OLD.seats; subject := OLD.offering_id; END IF;
    IF TG_OP = 'UPDATE' AND NEW.offering_id <> OLD.offering_id THEN
        RAISE EXCEPTION 'reserved seats keep their offering'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'courses_seatreservation_kept_tg', TABLE = TG_TABLE_NAME;
    END IF;
    UPDATE courses_seatcount SET reserved = reserved + step WHERE offering_id = subject;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'offering % has no seats to reserve', subject
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'courses_seatreservation_seats_tg', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "courses_seatreservation_sum_tg" AFTER INSERT OR UPDATE OF seats, offering_id OR DELETE ON "courses_seatreservation"
    FOR EACH ROW EXECUTE FUNCTION courses_sum_reservations();
"""

# A quota counts from the first seat on, or it would count wrong: quotas come and go while no seat is taken.
COUNT_QUOTAS = """
CREATE FUNCTION courses_count_quotas() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.offering_id ELSE NEW.offering_id END;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.offering_id, NEW.unit_id) IS DISTINCT FROM (OLD.offering_id, OLD.unit_id) THEN
        RAISE EXCEPTION 'a unit quota keeps its offering and its unit'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'courses_unitquota_kept_tg', TABLE = TG_TABLE_NAME;
    END IF;
    IF TG_OP <> 'UPDATE' THEN
        UPDATE courses_seatcount SET quotas = quotas + CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END
         WHERE offering_id = subject AND taken = 0;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'quotas of offering % come and go only while no seat is taken', subject
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'courses_unitquota_early_tg', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "courses_unitquota_count_tg" AFTER INSERT OR UPDATE OF offering_id, unit_id OR DELETE ON "courses_unitquota"
    FOR EACH ROW EXECUTE FUNCTION courses_count_quotas();
"""


class Migration(migrations.Migration):
    dependencies = [("courses", "0004_electives"), ("common", "0001_trigger_functions")]
    operations = [
        migrations.RunSQL(
            KEEP_COMMITMENTS,
            'DROP TRIGGER "courses_selectionround_commitments_tg" ON "courses_selectionround"; DROP FUNCTION courses_keep_commitments();',
        ),
        migrations.RunSQL(
            SUM_RESERVATIONS,
            'DROP TRIGGER "courses_seatreservation_sum_tg" ON "courses_seatreservation"; DROP FUNCTION courses_sum_reservations();',
        ),
        migrations.RunSQL(
            COUNT_QUOTAS,
            'DROP TRIGGER "courses_unitquota_count_tg" ON "courses_unitquota"; DROP FUNCTION courses_count_quotas();',
        ),
        *no_delete("courses_drawsecret"),
    ]
