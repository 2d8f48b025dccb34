
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_credentials'),
    ]

    operations = [
        migrations.CreateModel(
            name='CredentialChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('actor', models.CharField(max_length=120)),
                ('provider_slug', models.CharField(max_length=64)),
                ('label', models.CharField(max_length=64)),
                ('what', models.CharField(help_text='stored or replaced', max_length=16)),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
    ]
