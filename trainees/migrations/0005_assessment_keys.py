import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A scheme that was in force stays, whoever wants it gone: results and entries name it.
KEEP_SCHEME = """
CREATE TRIGGER "trainees_creditscheme_kept_tg" BEFORE DELETE ON "trainees_creditscheme"
    FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION common_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("trainees", "0004_offering_roster"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="yearlyassessment",
            name="closed_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="closed by",
            ),
        ),
        migrations.AlterField(
            model_name="yearlyassessment",
            name="jurisdiction",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.unit",
                verbose_name="organisation department",
            ),
        ),
        migrations.AlterField(
            model_name="yearlyassessment",
            name="scheme",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="trainees.creditscheme",
                verbose_name="scheme",
            ),
        ),
        migrations.RunSQL(
            KEEP_SCHEME, 'DROP TRIGGER IF EXISTS "trainees_creditscheme_kept_tg" ON "trainees_creditscheme";'
        ),
    ]
