from importlib import resources

from django.db import migrations

SQL = resources.files("klankbord.tenancy") / "sql"


class Migration(migrations.Migration):
    """What must be known when a colleague leaves, over all organisations."""

    dependencies = [("tenancy", "0005_sessions")]

    operations = [
        # The bodies name tables that later migrations make.
        migrations.RunSQL("SET LOCAL check_function_bodies = off", migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "leaving.sql").read_text()),
    ]
