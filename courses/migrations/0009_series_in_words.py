
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0008_topics_stand'),
    ]

    operations = [
        migrations.AlterField(
            model_name='offering',
            name='series',
            field=models.SlugField(blank=True, help_text='Topics of one series are the same topic held again: who attended one is known to repeat it. Sessions of one series make up a forum.', max_length=40, verbose_name='series'),
        ),
    ]
