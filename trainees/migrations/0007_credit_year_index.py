from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0002_seat_rules"),
        ("trainees", "0006_closing_sums"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="creditentry",
            name="trainees_credit_sums_ix",
        ),
        migrations.AddIndex(
            model_name="creditentry",
            index=models.Index(
                fields=["year", "cadre", "category"], include=("amount",), name="trainees_credit_year_ix"
            ),
        ),
    ]
