from django.db import migrations

# Topics come and go while a round is drafted: none is taken out of a round that was opened, none is put into a draw that was opened.
# The rounds are locked FOR SHARE first, so that this waits for whoever is opening one, and then reads what it became.
KEEP_TOPICS = """
CREATE FUNCTION courses_keep_topics() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM courses_selectionround WHERE id IN (OLD.selection_round_id, NEW.selection_round_id) ORDER BY id FOR SHARE;
    IF EXISTS (SELECT FROM courses_selectionround WHERE id = OLD.selection_round_id AND state <> 'draft')
       OR EXISTS (SELECT FROM courses_selectionround WHERE id = NEW.selection_round_id AND mode = 'draw' AND state <> 'draft') THEN
        RAISE EXCEPTION 'the topics of a round that was opened stand'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "courses_offering_topics_stand_tg" BEFORE UPDATE ON "courses_offering"
    FOR EACH ROW WHEN (OLD.selection_round_id IS DISTINCT FROM NEW.selection_round_id) EXECUTE FUNCTION courses_keep_topics();
"""
FORGET = """
DROP TRIGGER IF EXISTS "courses_offering_topics_stand_tg" ON "courses_offering";
DROP FUNCTION IF EXISTS courses_keep_topics();
"""


class Migration(migrations.Migration):
    dependencies = [("courses", "0007_rolls_and_release")]
    operations = [migrations.RunSQL(KEEP_TOPICS, FORGET)]
