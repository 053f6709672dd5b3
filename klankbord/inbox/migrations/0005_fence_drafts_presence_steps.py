from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("inbox", "0004_drafts_presence_steps")]

    operations = [
        Fence("Draft", Kind.DESK),
        Fence("Presence", Kind.DESK),
        Fence("Step", Kind.DESK),
    ]
