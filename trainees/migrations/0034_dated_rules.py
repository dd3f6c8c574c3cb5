import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import migrations, models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from trainees.models.dated import days_of_row

TABLES = ("trainees_leavetier", "trainees_cyclerequirement")
# What the rules said when the portal was made.
BEGAN = datetime.date(2023, 1, 1)
IN_ORDER = Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from"))

# A row that has begun is what decisions of its days were made by: it can be ended (yesterday at the earliest), nothing else. Who needs
# another value enters another row.
STAND = """
CREATE FUNCTION trainees_dated_row_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    IF OLD.valid_from > today THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'valid_until' = to_jsonb(NEW) - 'valid_until'
        AND (OLD.valid_until IS NULL OR OLD.valid_until >= today)
        AND (NEW.valid_until IS NULL OR NEW.valid_until >= today - 1) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% has begun and stands', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
"""
DROP = "DROP FUNCTION IF EXISTS trainees_dated_row_stands();"


def stands(table):
    name = f"{table}_stands_tg"
    return migrations.RunSQL(
        f'CREATE TRIGGER "{name}" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION trainees_dated_row_stands();',
        f'DROP TRIGGER IF EXISTS "{name}" ON "{table}";',
    )


def only_todays(table):
    """Back: one row is left of each kind, the one that holds today."""
    return migrations.RunSQL(
        migrations.RunSQL.noop,
        f"""DELETE FROM "{table}" WHERE valid_from > (now() AT TIME ZONE 'Asia/Shanghai')::date
            OR valid_until < (now() AT TIME ZONE 'Asia/Shanghai')::date;""",  # noqa: S608  # tables of this file
    )


def dates(name):
    return [
        migrations.AddField(
            name, "valid_from", models.DateField("valid from", default=BEGAN), preserve_default=False
        ),
        migrations.AddField(name, "valid_until", models.DateField("valid until", null=True, blank=True)),
        migrations.AlterField(
            name,
            "source",
            models.CharField("source", max_length=200, help_text="The document this figure comes from."),
        ),
        migrations.AddConstraint(
            name, models.CheckConstraint(condition=IN_ORDER, name=f"trainees_{name}_dates_ck")
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("trainees", "0033_missed_make_up")]

    operations = [
        migrations.RemoveConstraint("leavetier", "trainees_leavetier_length_uq"),
        migrations.RemoveConstraint("cyclerequirement", "trainees_cyclerequirement_rank_uq"),
        *dates("leavetier"),
        *dates("cyclerequirement"),
        migrations.AddConstraint(
            "leavetier",
            ExclusionConstraint(
                name="trainees_leavetier_one_ex",
                expressions=[(Coalesce(F("most_half_days"), Value(-1)), "="), (days_of_row(), "&&")],
                violation_error_message="Another tier of this length holds on some of these days.",
            ),
        ),
        migrations.AddConstraint(
            "cyclerequirement",
            ExclusionConstraint(
                name="trainees_cyclerequirement_one_ex",
                expressions=[("rank", "="), ("first_year", "="), (days_of_row(), "&&")],
                violation_error_message="Another requirement of this cycle holds on some of these days.",
            ),
        ),
        *map(only_todays, TABLES),
        migrations.RunSQL(STAND, DROP),
        *map(stands, TABLES),
    ]
