from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial"), ("channels", "0002_fence")]

    operations = [
        Fence("Author", Kind.READERS),
        Fence("Post", Kind.DESK, opened=True),
        Fence("Revision", Kind.CHILD, parent=("posts_post", "post_id")),
        Fence("Attachment", Kind.CHILD, parent=("posts_post", "post_id")),
    ]
