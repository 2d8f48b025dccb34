from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_sign_up'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='is_playground',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Pays for what its holder does in the Playground; nobody has its secret.', verbose_name='of the Playground'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('is_playground', True), ('member', None)), fields=('user',), name='playground_key_of_owner'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at', None), ('is_playground', True)), fields=('member',), name='playground_key_of_member'),
        ),
    ]
