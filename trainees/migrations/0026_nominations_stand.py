from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# A nomination begins as one, of an assignment that is under way, within its unit's quota and subtree.
BEGIN = """
CREATE FUNCTION trainees_begin_nomination() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'nominated' OR NEW.enrolment_id IS NOT NULL THEN
        RAISE EXCEPTION 'a call begins with the nomination, and nobody has confirmed it then'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    PERFORM FROM trainees_assignment WHERE id = NEW.assignment_id AND state = 'issued' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'assignment % takes no nominations', NEW.assignment_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.quota_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM trainees_assignmentquota q JOIN accounts_unit u ON u.id = q.unit_id
          JOIN trainees_cadre c ON c.id = NEW.cadre_id JOIN accounts_unit home ON home.id = c.unit_id
         WHERE q.id = NEW.quota_id AND q.assignment_id = NEW.assignment_id AND starts_with(home.path, u.path)) THEN
        RAISE EXCEPTION 'cadre % is not of the unit of quota %', NEW.cadre_id, NEW.quota_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_nomination_begins_tg" BEFORE INSERT ON "trainees_nomination"
    FOR EACH ROW EXECUTE FUNCTION trainees_begin_nomination();
"""
# Whoever is stood in for is of the same quota, and not called any more.
REPLACE = """
CREATE FUNCTION trainees_check_replaced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trainees_nomination n WHERE n.id = NEW.replaces_id AND n.assignment_id = NEW.assignment_id
                      AND n.quota_id IS NOT DISTINCT FROM NEW.quota_id AND n.state NOT IN ('nominated', 'confirmed')) THEN
        RAISE EXCEPTION 'nomination % stands in for somebody who is still called, or of another quota', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "trainees_nomination_replaces_tg" AFTER INSERT ON "trainees_nomination"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.replaces_id IS NOT NULL) EXECUTE FUNCTION trainees_check_replaced();
"""
# Confirmed means a place in this class, given for this nomination.
PLACE = """
CREATE FUNCTION trainees_check_called() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trainees_enrolment e JOIN trainees_assignment a ON a.id = NEW.assignment_id
                    WHERE e.id = NEW.enrolment_id AND e.cadre_id = NEW.cadre_id AND e.offering_id = a.offering_id
                      AND e.origin = 'assigned') THEN
        RAISE EXCEPTION 'nomination % is confirmed without a place of its own', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "trainees_nomination_place_tg" AFTER UPDATE ON "trainees_nomination"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'confirmed' AND OLD.state <> 'confirmed')
    EXECUTE FUNCTION trainees_check_called();
"""
# The call ends with the place, whoever takes it back; and whoever is not called any more need not be put off.
END = """
CREATE FUNCTION trainees_end_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trainees_nomination SET state = 'withdrawn', decided_at = NEW.ended_at, decided_by_id = NEW.ended_by_id, decision = NEW.reason
     WHERE enrolment_id = NEW.id AND state = 'confirmed';
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_enrolment_ends_call_tg" AFTER UPDATE ON "trainees_enrolment"
    FOR EACH ROW WHEN (NEW.origin = 'assigned' AND NEW.state = 'withdrawn' AND OLD.state <> 'withdrawn')
    EXECUTE FUNCTION trainees_end_call();

CREATE FUNCTION trainees_end_deferral() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE trainees_deferral SET state = 'withdrawn' WHERE nomination_id = NEW.id AND state = 'asked';
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_nomination_ends_deferral_tg" AFTER UPDATE ON "trainees_nomination"
    FOR EACH ROW WHEN (OLD.state = 'confirmed' AND NEW.state <> 'confirmed') EXECUTE FUNCTION trainees_end_deferral();
"""
LOSE = """
DROP TRIGGER IF EXISTS "trainees_nomination_begins_tg" ON "trainees_nomination";
DROP TRIGGER IF EXISTS "trainees_nomination_replaces_tg" ON "trainees_nomination";
DROP TRIGGER IF EXISTS "trainees_nomination_place_tg" ON "trainees_nomination";
DROP TRIGGER IF EXISTS "trainees_enrolment_ends_call_tg" ON "trainees_enrolment";
DROP TRIGGER IF EXISTS "trainees_nomination_ends_deferral_tg" ON "trainees_nomination";
DROP FUNCTION IF EXISTS trainees_begin_nomination(), trainees_check_replaced(), trainees_check_called(), trainees_end_call(),
    trainees_end_deferral();
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0025_conduct_stands")]
    operations = [
        migrations.AddField(
            "assignment",
            "ranks",
            ArrayField(
                base_field=models.CharField(max_length=20), verbose_name="meant for ranks", default=list, blank=True, size=None
            ),
        ),
        migrations.AddField(
            "assignment",
            "categories",
            ArrayField(
                base_field=models.CharField(max_length=20),
                verbose_name="meant for categories",
                default=list,
                blank=True,
                size=None,
            ),
        ),
        migrations.RunSQL(BEGIN + REPLACE + PLACE + END, LOSE),
    ]
