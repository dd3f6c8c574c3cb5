from django.db import migrations, models

from partyschool.common.triggers import keep_columns

# After submission a score moves only with its change on record, and nobody is added or commented on.
GUARD_SCORES = """
CREATE FUNCTION trainees_guard_conduct() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sheet trainees_conductsheet;
    matter text;
    was text;
    becomes text;
BEGIN
    SELECT * INTO sheet FROM trainees_conductsheet WHERE id = NEW.sheet_id FOR SHARE;
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM trainees_enrolment e WHERE e.id = NEW.enrolment_id AND e.offering_id = sheet.offering_id) THEN
        RAISE EXCEPTION 'enrolment % is in another class than sheet %', NEW.enrolment_id, NEW.sheet_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_conductscore_class_tg', TABLE = TG_TABLE_NAME;
    END IF;
    IF sheet.state <> 'submitted' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.comment <> OLD.comment THEN
        RAISE EXCEPTION 'sheet % is submitted', NEW.sheet_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    FOREACH matter IN ARRAY ARRAY['attitude', 'theory', 'party_spirit', 'discipline'] LOOP
        was := to_jsonb(OLD) ->> matter;
        becomes := to_jsonb(NEW) ->> matter;
        IF was IS DISTINCT FROM becomes AND NOT EXISTS (
            SELECT FROM (SELECT * FROM trainees_conductchange c WHERE c.score_id = NEW.id AND c.dimension = matter ORDER BY c.id DESC LIMIT 1) newest
             WHERE newest.before::text IS NOT DISTINCT FROM was AND newest.after::text IS NOT DISTINCT FROM becomes) THEN
            RAISE EXCEPTION 'score % changes without a moderation that says why', NEW.id
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_conductscore_moderated_tg" BEFORE INSERT OR UPDATE ON "trainees_conductscore"
    FOR EACH ROW EXECUTE FUNCTION trainees_guard_conduct();
"""
UNGUARD_SCORES = """
DROP TRIGGER IF EXISTS "trainees_conductscore_moderated_tg" ON "trainees_conductscore";
DROP FUNCTION IF EXISTS trainees_guard_conduct();
"""

# What is released is whole and right: everybody on the roster, the weighted totals, the grades of the year's bounds.
CHECK_RELEASE = """
CREATE FUNCTION trainees_check_conduct_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    weight trainees_conductweights;
BEGIN
    SELECT * INTO weight FROM trainees_conductweights WHERE id = NEW.weights_id FOR SHARE;
    IF EXISTS (SELECT FROM trainees_enrolment e LEFT JOIN trainees_conductscore s ON s.enrolment_id = e.id AND s.sheet_id = NEW.id
                WHERE e.offering_id = NEW.offering_id AND e.state IN ('enrolled', 'completed', 'not_completed') AND s.total IS NULL) THEN
        RAISE EXCEPTION 'sheet % is not complete', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_conductsheet_complete_tg', TABLE = TG_TABLE_NAME;
    END IF;
    IF EXISTS (SELECT FROM trainees_conductscore s, LATERAL (SELECT round((
                      CASE WHEN weight.attitude > 0 THEN weight.attitude * s.attitude ELSE 0 END
                    + CASE WHEN weight.theory > 0 THEN weight.theory * s.theory ELSE 0 END
                    + CASE WHEN weight.party_spirit > 0 THEN weight.party_spirit * s.party_spirit ELSE 0 END
                    + CASE WHEN weight.discipline > 0 THEN weight.discipline * s.discipline ELSE 0 END) / 100.0, 2) AS total) right_one
                WHERE s.sheet_id = NEW.id AND s.total IS NOT NULL AND (s.total IS DISTINCT FROM right_one.total OR s.grade <>
                      CASE WHEN s.total >= weight.excellent_from THEN 'excellent' WHEN s.total >= weight.good_from THEN 'good'
                           WHEN s.total >= weight.pass_from THEN 'pass' ELSE 'fail' END)) THEN
        RAISE EXCEPTION 'sheet % has a total or grade that does not follow from its scores', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_conductsheet_totals_tg', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_conductsheet_release_tg" BEFORE INSERT OR UPDATE OF state ON "trainees_conductsheet"
    FOR EACH ROW WHEN (NEW.state = 'released') EXECUTE FUNCTION trainees_check_conduct_release();
CREATE TRIGGER "trainees_conductsheet_stands_tg" BEFORE UPDATE ON "trainees_conductsheet"
    FOR EACH ROW WHEN (OLD.state = 'released') EXECUTE FUNCTION common_refuse_change();

CREATE FUNCTION trainees_freeze_conduct_weights() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'source' <> to_jsonb(OLD) - 'source'
       AND EXISTS (SELECT FROM trainees_conductsheet WHERE weights_id = OLD.id AND state = 'released') THEN
        RAISE EXCEPTION 'weights of % bear released assessments', OLD.year
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_conductweights_released_tg" BEFORE UPDATE ON "trainees_conductweights"
    FOR EACH ROW EXECUTE FUNCTION trainees_freeze_conduct_weights();
"""
UNCHECK_RELEASE = """
DROP TRIGGER IF EXISTS "trainees_conductsheet_release_tg" ON "trainees_conductsheet";
DROP TRIGGER IF EXISTS "trainees_conductsheet_stands_tg" ON "trainees_conductsheet";
DROP TRIGGER IF EXISTS "trainees_conductweights_released_tg" ON "trainees_conductweights";
DROP FUNCTION IF EXISTS trainees_check_conduct_release(), trainees_freeze_conduct_weights();
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0024_schemes_stand")]
    operations = [
        migrations.AddField(
            model_name="conductsheet",
            name="returned_for",
            field=models.CharField(
                blank=True,
                help_text="Why moderation gave the sheet back to the class teacher last.",
                max_length=200,
                verbose_name="returned because",
            ),
        ),
        migrations.RunSQL(GUARD_SCORES, UNGUARD_SCORES),
        migrations.RunSQL(CHECK_RELEASE, UNCHECK_RELEASE),
        keep_columns("trainees_conductsheet", "offering_id", "weights_id", "opened_at"),
    ]
