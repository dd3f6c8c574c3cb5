import django.contrib.postgres.fields
from django.db import migrations, models

# What a result says per category moves from named JSON into an array: earned, cap, counted, in the order of CreditCategory.
CATEGORIES = ("concentrated", "elective", "online", "other")
# ruff: noqa: S608 -- joins constants of this file
FILL = "UPDATE trainees_yearlyassessment SET figures = ARRAY[{}];".format(
    ", ".join(
        f"coalesce((breakdown #>> '{{{category},earned}}')::numeric, 0), (breakdown #>> '{{{category},cap}}')::numeric, "
        f"coalesce((breakdown #>> '{{{category},counted}}')::numeric, 0)"
        for category in CATEGORIES
    )
)
EMPTY = "UPDATE trainees_yearlyassessment SET breakdown = jsonb_build_object({});".format(
    ", ".join(
        f"'{category}', jsonb_build_object('earned', figures[{place}], 'cap', figures[{place + 1}], 'counted', figures[{place + 2}])"
        for place, category in zip((1, 4, 7, 10), CATEGORIES, strict=True)
    )
)


class Migration(migrations.Migration):
    dependencies = [("trainees", "0011_packets_stand")]
    operations = [
        migrations.AddField(
            model_name="yearlyassessment",
            name="figures",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DecimalField(decimal_places=2, max_digits=9, null=True),
                size=None,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="yearlyassessment", name="breakdown", field=models.JSONField(null=True)
        ),
        migrations.RunSQL(FILL, EMPTY),
        migrations.AlterField(
            model_name="yearlyassessment",
            name="figures",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DecimalField(decimal_places=2, max_digits=9, null=True),
                size=None,
                verbose_name="figures per category",
            ),
        ),
        migrations.RemoveField(model_name="yearlyassessment", name="breakdown"),
        migrations.AddConstraint(
            model_name="yearlyassessment",
            constraint=models.CheckConstraint(
                condition=models.Q(figures__len=12), name="trainees_yearlyassessment_figures_ck"
            ),
        ),
    ]
