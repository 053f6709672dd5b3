from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("posts", "0007_overheard_default")]

    operations = [migrations.RunSQL((resources.files("klankbord.posts") / "sql" / "candidates.sql").read_text())]
