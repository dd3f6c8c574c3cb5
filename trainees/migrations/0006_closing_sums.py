import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Whatever a yearly result names stays: the other half of the foreign keys that results do without.
KEEP_ASSESSED = """
CREATE FUNCTION trainees_keep_assessed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named boolean;
BEGIN
    FOR i IN 0 .. TG_NARGS - 1 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM trainees_yearlyassessment WHERE %I = $1)', TG_ARGV[i]) INTO named USING OLD.id;
        IF named THEN
            RAISE EXCEPTION '% % is named by a yearly assessment', TG_TABLE_NAME, OLD.id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN OLD;
END $$;
CREATE TRIGGER "trainees_cadre_assessed_tg" BEFORE DELETE ON "trainees_cadre"
    FOR EACH ROW EXECUTE FUNCTION trainees_keep_assessed('cadre_id');
CREATE TRIGGER "accounts_unit_assessed_tg" BEFORE DELETE ON "accounts_unit"
    FOR EACH ROW EXECUTE FUNCTION trainees_keep_assessed('unit_id', 'jurisdiction_id');
"""
LET_GO = """
DROP TRIGGER IF EXISTS "accounts_unit_assessed_tg" ON "accounts_unit";
DROP TRIGGER IF EXISTS "trainees_cadre_assessed_tg" ON "trainees_cadre";
DROP FUNCTION IF EXISTS trainees_keep_assessed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("courses", "0002_seat_rules"),
        ("trainees", "0005_assessment_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="creditentry",
            name="trainees_credit_year_ix",
        ),
        migrations.AlterField(
            model_name="yearlyassessment",
            name="cadre",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assessments",
                to="trainees.cadre",
                verbose_name="cadre",
            ),
        ),
        migrations.AlterField(
            model_name="yearlyassessment",
            name="unit",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.unit",
                verbose_name="unit",
            ),
        ),
        migrations.AddIndex(
            model_name="creditentry",
            index=models.Index(
                fields=["year", "cadre"], include=("category", "amount"), name="trainees_credit_sums_ix"
            ),
        ),
        migrations.RunSQL(KEEP_ASSESSED, LET_GO),
    ]
