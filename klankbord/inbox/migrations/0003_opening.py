from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_fence")]

    operations = [migrations.RunSQL((resources.files("klankbord.inbox") / "sql" / "opening.sql").read_text())]
