from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("listening", "0001_initial"), ("posts", "0002_fence")]

    operations = [
        Fence("Dossier", Kind.HOUSE),
        Fence("Match", Kind.CHILD, parent=("posts_post", "post_id"), members=True),
        Fence("Count", Kind.HOUSE),
    ]
