
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProcessReport',
            fields=[
                ('instance_id', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(help_text="By the database's clock.")),
                ('streams', models.JSONField(default=dict, help_text='Requests under way, by the name of the provider that answers.')),
                ('troubles', models.JSONField(default=list, help_text='Endpoints that are tried last: [id, failures, answers, seconds].')),
            ],
        ),
    ]
