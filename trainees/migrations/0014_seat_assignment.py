from django.db import migrations

from partyschool.common.triggers import append_only, no_delete

# Chooses the seat before it is taken: the quota of the cadre's nearest unit that has one, and a reserved seat where the cadre
# belongs to the group and one is free. Only offerings with reservations or quotas pay for it. Their seat row is locked first, here
# and when a seat is given back, so that claims and withdrawals meet in the same order.
ASSIGN_SEAT = """
CREATE FUNCTION trainees_assign_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seated constant text[] := ARRAY['enrolled', 'held', 'completed', 'not_completed'];
    sits boolean := NEW.state = ANY (seated);
    sat boolean := false;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.reservation_id := NULL;
        NEW.quota_id := NULL;
    ELSE
        sat := OLD.state = ANY (seated);
        NEW.reservation_id := OLD.reservation_id;
        NEW.quota_id := OLD.quota_id;
    END IF;
    IF sits AND NOT sat THEN
        IF EXISTS (SELECT FROM courses_seatcount WHERE offering_id = NEW.offering_id AND (reserved > 0 OR quotas > 0)) THEN
            PERFORM FROM courses_seatcount WHERE offering_id = NEW.offering_id FOR NO KEY UPDATE;
            UPDATE courses_unitquota SET taken = taken + 1 WHERE id = (
                SELECT quota.id FROM courses_unitquota quota JOIN accounts_unit u ON u.id = quota.unit_id
                  JOIN trainees_cadre c ON c.id = NEW.cadre_id JOIN accounts_unit home ON home.id = c.unit_id
                 WHERE quota.offering_id = NEW.offering_id AND starts_with(home.path, u.path)
                 ORDER BY length(u.path) DESC LIMIT 1
            ) RETURNING id INTO NEW.quota_id;
            UPDATE courses_seatreservation SET taken = taken + 1 WHERE id = (
                SELECT kept.id FROM courses_seatreservation kept
                  JOIN trainees_cadre c ON c.id = NEW.cadre_id JOIN accounts_unit home ON home.id = c.unit_id
                  LEFT JOIN accounts_unit u ON u.id = kept.unit_id
                 WHERE kept.offering_id = NEW.offering_id AND kept.taken < kept.seats
                   AND (u.id IS NULL OR starts_with(home.path, u.path))
                   AND (kept.ranks = '{}' OR c.rank = ANY (kept.ranks))
                   AND (kept.categories = '{}' OR c.category = ANY (kept.categories))
                 ORDER BY kept.id LIMIT 1
            ) RETURNING id INTO NEW.reservation_id;
        END IF;
    ELSIF sat AND NOT sits AND (OLD.reservation_id IS NOT NULL OR OLD.quota_id IS NOT NULL) THEN
        PERFORM FROM courses_seatcount WHERE offering_id = NEW.offering_id FOR NO KEY UPDATE;
        UPDATE courses_unitquota SET taken = taken - 1 WHERE id = OLD.quota_id;
        UPDATE courses_seatreservation SET taken = taken - 1 WHERE id = OLD.reservation_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_enrolment_assign_seat_tg" BEFORE INSERT OR UPDATE ON "trainees_enrolment"
    FOR EACH ROW EXECUTE FUNCTION trainees_assign_seat();
"""

# As in migration 0002, and it knows of offered seats (held) and of reserved ones.
MOVE_SEAT = """
CREATE OR REPLACE FUNCTION trainees_move_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seated constant text[] := ARRAY['enrolled', 'held', 'completed', 'not_completed'];
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
        UPDATE courses_seatcount
           SET taken = taken + step, reserved_taken = reserved_taken + CASE WHEN NEW.reservation_id IS NULL THEN 0 ELSE step END
         WHERE offering_id = NEW.offering_id AND NOT frozen;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'offering % has no open seats', NEW.offering_id
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_enrolment_frozen_tg', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""

# Nobody ranks, changes or loses a ranking but while the round is open.
SEAL_RANKINGS = """
CREATE FUNCTION trainees_seal_rankings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.cadre_id, NEW.selection_round_id, NEW.ticket)
                            IS DISTINCT FROM (OLD.cadre_id, OLD.selection_round_id, OLD.ticket)
       OR NOT EXISTS (SELECT FROM courses_selectionround
                       WHERE id = NEW.selection_round_id AND mode = 'draw' AND state = 'open') THEN
        RAISE EXCEPTION 'rankings of round % are sealed', NEW.selection_round_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_ranking_sealed_tg', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_ranking_sealed_tg" BEFORE INSERT OR UPDATE ON "trainees_ranking"
    FOR EACH ROW EXECUTE FUNCTION trainees_seal_rankings();
"""

# An offer and the place it holds end together; the line never moves a cadre to another offering.
KEEP_LINE = """
CREATE FUNCTION trainees_keep_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.cadre_id, NEW.offering_id, NEW.queued_at) IS DISTINCT FROM (OLD.cadre_id, OLD.offering_id, OLD.queued_at)
       OR (OLD.ended_at IS NOT NULL AND NEW.state <> OLD.state) THEN
        RAISE EXCEPTION 'an entry of the waiting list keeps its cadre, its offering, its time and its end'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_waitingentry_kept_tg', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_waitingentry_kept_tg" BEFORE UPDATE ON "trainees_waitingentry"
    FOR EACH ROW EXECUTE FUNCTION trainees_keep_line();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("trainees", "0013_electives"),
        ("courses", "0005_commitments_and_reservations"),
        ("common", "0001_trigger_functions"),
    ]
    operations = [
        migrations.RunSQL(
            ASSIGN_SEAT,
            'DROP TRIGGER "trainees_enrolment_assign_seat_tg" ON "trainees_enrolment"; DROP FUNCTION trainees_assign_seat();',
        ),
        migrations.RunSQL(MOVE_SEAT, migrations.RunSQL.noop),
        migrations.RunSQL(
            SEAL_RANKINGS,
            'DROP TRIGGER "trainees_ranking_sealed_tg" ON "trainees_ranking"; DROP FUNCTION trainees_seal_rankings();',
        ),
        migrations.RunSQL(
            KEEP_LINE,
            'DROP TRIGGER "trainees_waitingentry_kept_tg" ON "trainees_waitingentry"; DROP FUNCTION trainees_keep_line();',
        ),
        *no_delete("trainees_waitingentry"),
        *no_delete("trainees_ranking"),
        *append_only("trainees_sealeddraw"),
        *append_only("trainees_drawoutcome"),
        *append_only("trainees_drawpublication"),
        *append_only("trainees_drawplace"),
        *append_only("trainees_seatrefusal"),
        *append_only("trainees_seatoverride"),
    ]
