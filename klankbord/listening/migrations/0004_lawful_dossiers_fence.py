from importlib import resources

from django.db import migrations

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("listening", "0003_lawful_dossiers"), ("posts", "0006_overheard_fence")]

    operations = [
        Fence("Signature", Kind.HOUSE),
        Fence("ListeningRules", Kind.HOUSE),
        Fence("FindsOpening", Kind.HOUSE),
        Fence("DossierNote", Kind.HOUSE),
        Fence("Follower", Kind.HOUSE),
        Fence("Noise", Kind.HOUSE),
        # written by its owner; who else reads it, says the policy in shared.sql
        Fence("SharedDay", Kind.HOUSE),
        migrations.RunSQL((resources.files("klankbord.listening") / "sql" / "shared.sql").read_text()),
    ]
