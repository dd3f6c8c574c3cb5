from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Length


def drop_long(apps, schema_editor):
    """On the way back: a query that does not fit would be cut in the middle and mean something else."""
    views = apps.get_model("trainees", "SavedView")._base_manager
    views.alias(length=Length("query")).filter(length__gt=500).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('trainees', '0030_deliveries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='savedview',
            name='is_default',
            field=models.BooleanField(default=False, verbose_name='opens with the page'),
        ),
        migrations.AlterField(
            model_name='savedview',
            name='query',
            field=models.CharField(max_length=2000, verbose_name='filters'),
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_long),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('user', 'page'), name='trainees_savedview_default_uq'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='trainees_savedview_name_ck'),
        ),
    ]
