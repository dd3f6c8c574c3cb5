from django.db import migrations

# The rule of the unit's quota can be set aside for one person by name: the service says so for its own transaction, records who and
# why in SeatOverride, and the place then counts towards no quota. Otherwise as in migration 0014. Seats are never set aside.
ASSIGN_SEAT = """
CREATE OR REPLACE FUNCTION trainees_assign_seat() RETURNS trigger LANGUAGE plpgsql AS $$
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
            IF current_setting('partyschool.aside', true) IS DISTINCT FROM 'quota' THEN
                UPDATE courses_unitquota SET taken = taken + 1 WHERE id = (
                    SELECT quota.id FROM courses_unitquota quota JOIN accounts_unit u ON u.id = quota.unit_id
                      JOIN trainees_cadre c ON c.id = NEW.cadre_id JOIN accounts_unit home ON home.id = c.unit_id
                     WHERE quota.offering_id = NEW.offering_id AND starts_with(home.path, u.path)
                     ORDER BY length(u.path) DESC LIMIT 1
                ) RETURNING id INTO NEW.quota_id;
            END IF;
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
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0015_draws"), ("courses", "0005_commitments_and_reservations")]
    operations = [
        migrations.CreateModel(
            name="RoundDesk",
            fields=[],
            options={
                "verbose_name": "round at the desk",
                "verbose_name_plural": "rounds at the desk",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("courses.selectionround",),
        ),
        migrations.RunSQL(ASSIGN_SEAT, migrations.RunSQL.noop),
    ]
