from django.db import migrations

# Nobody belongs to a unit beyond the day on which it was closed, on any path. Whoever is put into a unit shares its row, which a
# closing locks alone: the one sees the other.
OPEN_UNITS = """
CREATE FUNCTION trainees_ask_open_unit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed date := (SELECT closed_on FROM accounts_unit WHERE id = NEW.unit_id FOR KEY SHARE);
BEGIN
    IF closed IS NOT NULL AND (NEW.left_on IS NULL OR NEW.left_on > closed) THEN
        RAISE EXCEPTION 'unit % is closed', NEW.unit_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_cadre_open_unit_tg', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_cadre_open_unit_tg" BEFORE INSERT OR UPDATE OF unit_id, left_on ON "trainees_cadre"
    FOR EACH ROW EXECUTE FUNCTION trainees_ask_open_unit();

CREATE FUNCTION trainees_ask_empty_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM trainees_cadre WHERE unit_id = NEW.id AND (left_on IS NULL OR left_on > NEW.closed_on)) THEN
        RAISE EXCEPTION 'people belong to unit %', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "accounts_unit_empty_tg" AFTER UPDATE OF closed_on ON "accounts_unit"
    FOR EACH ROW WHEN (NEW.closed_on IS NOT NULL) EXECUTE FUNCTION trainees_ask_empty_unit();
"""
OPEN_UNITS_NO_MORE = """
DROP TRIGGER IF EXISTS "trainees_cadre_open_unit_tg" ON "trainees_cadre";
DROP TRIGGER IF EXISTS "accounts_unit_empty_tg" ON "accounts_unit";
DROP FUNCTION IF EXISTS trainees_ask_open_unit(), trainees_ask_empty_unit();
"""


class Migration(migrations.Migration):
    dependencies = [("trainees", "0021_training_figures"), ("accounts", "0003_unit_changes")]
    operations = [migrations.RunSQL(OPEN_UNITS, OPEN_UNITS_NO_MORE)]
