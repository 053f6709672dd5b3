from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("channels", "0004_lighter_arrivals")]

    operations = [migrations.RunSQL((resources.files("klankbord.channels") / "sql" / "own_access.sql").read_text())]
