from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial"), ("posts", "0002_fence")]

    operations = [
        Fence("Conversation", Kind.DESK, opened=True),
        Fence("Opening", Kind.HOUSE),
    ]
