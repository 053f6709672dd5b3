from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("posts", "0002_fence")]

    operations = [migrations.RunSQL((resources.files("klankbord.posts") / "sql" / "search.sql").read_text())]
