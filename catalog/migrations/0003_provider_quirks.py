from django.db import migrations, models

import catalog.validators


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_model_messages_max'),
    ]

    operations = [
        migrations.AddField(
            model_name='provider',
            name='quirks',
            field=models.JSONField(blank=True, default=dict, help_text='Where it departs from its dialect.', validators=[catalog.validators.quirks]),
        ),
    ]
