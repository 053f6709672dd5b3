from importlib import resources

from django.db import migrations

SQL = resources.files("klankbord.tenancy") / "sql"


class Migration(migrations.Migration):
    """By which way somebody must come in, asked before anybody has entered."""

    dependencies = [("tenancy", "0008_metrics")]

    operations = [migrations.RunSQL((SQL / "coming.sql").read_text())]
