from django.db import migrations

# A sealed year takes no result in but a correction. Per statement, not per row: closing a year inserts a hundred thousand. Whoever
# inserts holds the year against being sealed meanwhile.
CLOSE_SEALED_YEARS = """
CREATE FUNCTION trainees_refuse_sealed_year() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sealed smallint;
BEGIN
    PERFORM FROM trainees_assessmentyear y
      WHERE y.year IN (SELECT DISTINCT fresh.year FROM fresh WHERE corrects_id IS NULL) ORDER BY y.year FOR SHARE;
    SELECT y.year INTO sealed FROM trainees_assessmentyear y
     WHERE y.state = 'sealed' AND y.year IN (SELECT DISTINCT fresh.year FROM fresh WHERE corrects_id IS NULL) LIMIT 1;
    IF sealed IS NOT NULL THEN
        RAISE EXCEPTION 'the results of % are sealed', sealed
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
                  HINT = 'Correct a sealed result by a further row that names it.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_yearlyassessment_year_sealed_tg" AFTER INSERT ON "trainees_yearlyassessment"
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trainees_refuse_sealed_year();

-- A result stays that of its cadre and year, so that none is led into a sealed year.
CREATE TRIGGER "trainees_yearlyassessment_kept_tg" BEFORE UPDATE OF year, cadre_id, corrects_id ON "trainees_yearlyassessment"
    FOR EACH ROW EXECUTE FUNCTION common_keep_columns('year', 'cadre_id', 'corrects_id');

CREATE FUNCTION trainees_check_sealed_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM trainees_yearlyassessment a WHERE a.year = NEW.year AND NOT a.sealed) THEN
        RAISE EXCEPTION 'the year % has results that are not sealed', NEW.year
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    IF EXISTS (SELECT FROM trainees_assessmentobjection o JOIN trainees_yearlyassessment a ON a.id = o.assessment_id
                WHERE a.year = NEW.year AND o.state = 'raised') THEN
        RAISE EXCEPTION 'the year % has objections without an answer', NEW.year
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "trainees_assessmentyear_whole_tg" AFTER INSERT OR UPDATE ON "trainees_assessmentyear"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'sealed') EXECUTE FUNCTION trainees_check_sealed_year();

CREATE FUNCTION trainees_check_objection_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT y.state FROM trainees_assessmentyear y JOIN trainees_yearlyassessment a ON a.year = y.year
         WHERE a.id = NEW.assessment_id FOR SHARE OF y) = 'sealed' THEN
        RAISE EXCEPTION 'the year of result % is sealed', NEW.assessment_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_assessmentobjection_year_tg" BEFORE INSERT ON "trainees_assessmentobjection"
    FOR EACH ROW EXECUTE FUNCTION trainees_check_objection_year();

-- What decided a sealed result stands with it.
CREATE FUNCTION trainees_keep_exemption() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed smallint := CASE WHEN TG_OP <> 'INSERT' THEN OLD.year END;
    made smallint := CASE WHEN TG_OP <> 'DELETE' THEN NEW.year END;
    sealed smallint;
BEGIN
    PERFORM FROM trainees_assessmentyear WHERE year IN (changed, made) ORDER BY year FOR SHARE;
    SELECT year INTO sealed FROM trainees_assessmentyear WHERE year IN (changed, made) AND state = 'sealed' LIMIT 1;
    IF sealed IS NOT NULL THEN
        RAISE EXCEPTION 'the year % is sealed', sealed
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER "trainees_assessmentexemption_sealed_tg" BEFORE INSERT OR UPDATE OR DELETE ON "trainees_assessmentexemption"
    FOR EACH ROW EXECUTE FUNCTION trainees_keep_exemption();
"""
OPEN_SEALED_YEARS = """
DROP TRIGGER IF EXISTS "trainees_yearlyassessment_year_sealed_tg" ON "trainees_yearlyassessment";
DROP TRIGGER IF EXISTS "trainees_yearlyassessment_kept_tg" ON "trainees_yearlyassessment";
DROP TRIGGER IF EXISTS "trainees_assessmentyear_whole_tg" ON "trainees_assessmentyear";
DROP TRIGGER IF EXISTS "trainees_assessmentobjection_year_tg" ON "trainees_assessmentobjection";
DROP TRIGGER IF EXISTS "trainees_assessmentexemption_sealed_tg" ON "trainees_assessmentexemption";
DROP FUNCTION IF EXISTS trainees_refuse_sealed_year(), trainees_check_sealed_year(), trainees_check_objection_year(),
    trainees_keep_exemption();
"""
# Years that were closed before there were states are in preview.
ENTER_YEARS = """
INSERT INTO trainees_assessmentyear (year, state) SELECT DISTINCT year, 'preview' FROM trainees_yearlyassessment
    ON CONFLICT (year) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0026_nominations_stand")]
    operations = [
        migrations.RunSQL(CLOSE_SEALED_YEARS, OPEN_SEALED_YEARS),
        migrations.RunSQL(ENTER_YEARS, migrations.RunSQL.noop),
    ]
