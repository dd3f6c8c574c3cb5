from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION common_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
              HINT = 'Correct by adding an entry, never by changing or removing one.';
END $$;
"""

CHECK_REVERSAL = """
CREATE FUNCTION common_check_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original jsonb;
    reversal jsonb := to_jsonb(NEW);
    measure text;
BEGIN
    EXECUTE format('SELECT to_jsonb(o) FROM %I.%I o WHERE o.id = $1', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO original USING NEW.reverses_id;
    IF original IS NULL OR original->>'reverses_id' IS NOT NULL THEN
        RAISE EXCEPTION 'entry % is not an original entry', NEW.reverses_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    IF original->TG_ARGV[0] IS DISTINCT FROM reversal->TG_ARGV[0] OR original->'year' IS DISTINCT FROM reversal->'year' THEN
        RAISE EXCEPTION 'a reversal keeps the owner and the year of the entry it takes back'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    FOR i IN 1 .. TG_NARGS - 1 LOOP
        measure := TG_ARGV[i];
        IF (original->>measure)::numeric <> -(reversal->>measure)::numeric THEN
            RAISE EXCEPTION 'a reversal takes back the whole entry: % must be the negative of %', measure, original->>measure
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION IF EXISTS common_refuse_change();"),
        migrations.RunSQL(CHECK_REVERSAL, "DROP FUNCTION IF EXISTS common_check_reversal();"),
    ]
