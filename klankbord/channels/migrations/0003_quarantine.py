from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("channels", "0002_fence")]

    operations = [migrations.RunSQL((resources.files("klankbord.channels") / "sql" / "quarantine.sql").read_text())]
