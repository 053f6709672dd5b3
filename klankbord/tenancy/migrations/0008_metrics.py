from importlib import resources

from django.db import migrations

SQL = resources.files("klankbord.tenancy") / "sql"


class Migration(migrations.Migration):
    """Figures about the whole house, counted beside the fence."""

    dependencies = [("tenancy", "0007_provider")]

    operations = [
        # The body names tables that later migrations make.
        migrations.RunSQL("SET LOCAL check_function_bodies = off", migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "metrics.sql").read_text()),
    ]
