from django.db import migrations

from partyschool.common.triggers import keep_whole, only_moves

FIGURES = ("creditrule", "creditcap", "creditrequirement", "creditshare", "creditpenalty")

# Entries and results name the scheme they were made under: what it said then must be readable for ever, so nothing of a scheme
# that is not a draft moves but its state. Whoever changes a figure holds the scheme against being put in force meanwhile.
KEEP_FIGURES = """
CREATE FUNCTION trainees_keep_figures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    settled bigint;
    changed jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    made jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    PERFORM FROM trainees_creditscheme
      WHERE id IN ((changed->>'scheme_id')::bigint, (made->>'scheme_id')::bigint) ORDER BY id FOR SHARE;
    SELECT id INTO settled FROM trainees_creditscheme
     WHERE id IN ((changed->>'scheme_id')::bigint, (made->>'scheme_id')::bigint) AND state <> 'draft' LIMIT 1;
    IF settled IS NOT NULL THEN
        RAISE EXCEPTION 'the figures of credit scheme % stand', settled
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
                  HINT = 'Make a new version.';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE FUNCTION trainees_keep_scheme() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
        RAISE EXCEPTION 'credit scheme % stands', OLD.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
                  HINT = 'Make a new version.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_creditscheme_stands_tg" BEFORE UPDATE ON "trainees_creditscheme"
    FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION trainees_keep_scheme();
"""
LOSE_FIGURES = """
DROP TRIGGER IF EXISTS "trainees_creditscheme_stands_tg" ON "trainees_creditscheme";
DROP FUNCTION IF EXISTS trainees_keep_scheme(), trainees_keep_figures();
"""


def _stands(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f'CREATE TRIGGER "{table}_stands_tg" BEFORE INSERT OR UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION trainees_keep_figures();",
        f'DROP TRIGGER IF EXISTS "{table}_stands_tg" ON "{table}";',
    )


class Migration(migrations.Migration):
    dependencies = [("trainees", "0023_imports")]
    operations = [
        migrations.RunSQL(KEEP_FIGURES, LOSE_FIGURES),
        *[_stands(f"trainees_{figure}") for figure in FIGURES],
        *[keep_whole(f"trainees_{figure}") for figure in FIGURES],
        only_moves("trainees_creditscheme", ("draft", "in_force"), ("in_force", "retired")),
    ]
