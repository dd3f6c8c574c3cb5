from django.db import migrations

# Arguments: the name of the state column, then each allowed move as "from>to".
CHECK_MOVE = """
CREATE FUNCTION common_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := to_jsonb(OLD)->>TG_ARGV[0];
    after text := to_jsonb(NEW)->>TG_ARGV[0];
BEGIN
    FOR i IN 1 .. TG_NARGS - 1 LOOP
        IF TG_ARGV[i] = before || '>' || after THEN
            RETURN NEW;
        END IF;
    END LOOP;
    RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, before, after
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
"""

# Arguments: the columns that keep their value for the life of a row.
KEEP_COLUMNS = """
CREATE FUNCTION common_keep_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 0 .. TG_NARGS - 1 LOOP
        IF to_jsonb(OLD)->TG_ARGV[i] IS DISTINCT FROM to_jsonb(NEW)->TG_ARGV[i] THEN
            RAISE EXCEPTION '% keeps its %', TG_TABLE_NAME, TG_ARGV[i]
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0001_trigger_functions")]
    operations = [
        migrations.RunSQL(CHECK_MOVE, "DROP FUNCTION IF EXISTS common_check_move();"),
        migrations.RunSQL(KEEP_COLUMNS, "DROP FUNCTION IF EXISTS common_keep_columns();"),
    ]
