from importlib import resources

from django.db import migrations

SQL = resources.files("klankbord.public") / "sql"


class Migration(migrations.Migration):
    """The contact form in the looks of its organisation."""

    dependencies = [("public", "0002_demo_contact_form"), ("tenancy", "0012_house_style")]

    operations = [
        migrations.RunSQL(
            (SQL / "contact_form_look.sql").read_text(),
            "DROP FUNCTION contact_form(bigint);" + (SQL / "contact_form.sql").read_text(),
        ),
    ]
