from importlib import resources

from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]

    operations = [
        # The bodies name tables that later migrations make.
        migrations.RunSQL("SET LOCAL check_function_bodies = off", migrations.RunSQL.noop),
        migrations.RunSQL((resources.files("klankbord.tenancy") / "sql" / "fence.sql").read_text()),
        Fence("Organisation", Kind.SHARED),
        Fence("Team", Kind.HOUSE),
        Fence("Membership", Kind.HOUSE),
        Fence("TeamMember", Kind.HOUSE),
        Fence("Mandate", Kind.PACT),
        Fence("AuditEntry", Kind.JOURNAL),
        Fence("AuditSeal", Kind.JOURNAL),
    ]
