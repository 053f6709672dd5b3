from importlib import resources

from django.db import migrations

SQL = resources.files("klankbord.tenancy") / "sql"


class Migration(migrations.Migration):
    """Somebody who is forgotten leaves the lines of the log that name them, and no others."""

    dependencies = [("tenancy", "0010_preferences")]

    operations = [migrations.RunSQL((SQL / "erasing.sql").read_text())]
