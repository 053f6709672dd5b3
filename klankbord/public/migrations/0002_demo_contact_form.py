from importlib import resources

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("public", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (resources.files("klankbord.public") / "sql" / "demo_contact_form.sql").read_text(),
            "DROP FUNCTION demo_contact_form()",
        ),
    ]
