from importlib import resources

from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("posts", "0005_overheard"), ("tenancy", "0002_fence")]

    operations = [
        Fence("Objection", Kind.HOUSE),
        migrations.RunSQL((resources.files("klankbord.posts") / "sql" / "finds.sql").read_text()),
    ]
