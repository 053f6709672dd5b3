from importlib import resources

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("channels", "0003_quarantine"),
        ("tenancy", "0002_fence"),
    ]

    operations = [
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('who', models.BinaryField(max_length=32)),
                ('times', models.PositiveIntegerField(default=1)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('hour', 'who'), name='visit_once_per_hour')],
            },
        ),
        migrations.RunSQL((resources.files("klankbord.public") / "sql" / "contact_form.sql").read_text(), "DROP FUNCTION contact_form(bigint)"),
    ]
