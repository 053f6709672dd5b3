from importlib import resources

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence

SQL = resources.files("klankbord.tenancy") / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('tenancy', '0002_fence'),
    ]

    operations = [
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.URLField(blank=True, verbose_name='address')),
                ('mail_from', models.EmailField(blank=True, max_length=254, verbose_name='sender')),
                ('mail_host', models.CharField(blank=True, max_length=253, verbose_name='mail server')),
                ('mail_port', models.PositiveIntegerField(default=587, verbose_name='port')),
                ('mail_security', models.CharField(default='starttls', max_length=10, verbose_name='encryption')),
                ('mail_user', models.CharField(blank=True, max_length=254, verbose_name='user name')),
                ('mail_secret', models.BinaryField(help_text='The password, encrypted with the key in the secrets file', null=True)),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            model_name='organisation',
            name='first_day_done_at',
            field=models.DateTimeField(blank=True, help_text='The list of the first day is put away', null=True),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('colleague', 'Colleague'), ('webcare', 'Webcare'), ('editor', 'Editor'), ('analyst', 'Analyst'), ('coordinator', 'Coordinator'), ('privacy', 'Privacy officer'), ('admin', 'Administrator')], max_length=16), size=None, verbose_name='roles')),
                ('token_hash', models.BinaryField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenancy.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['organisation', '-created_at'], name='invitations_page')],
            },
        ),
        Fence("Invitation", Kind.HOUSE),
        # The bodies name tables that later migrations make.
        migrations.RunSQL("SET LOCAL check_function_bodies = off", migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "joining.sql").read_text()),
        migrations.RunSQL((SQL / "demo.sql").read_text()),
    ]
