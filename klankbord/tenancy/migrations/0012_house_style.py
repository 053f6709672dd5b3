import django.db.models.deletion
from django.db import migrations, models

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0011_erasing")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="style_version",
            field=models.CharField(
                blank=True, db_default="", help_text="Of its theme; empty: ours", max_length=16
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="logo_version",
            field=models.CharField(blank=True, db_default="", help_text="Of its logo; empty: none", max_length=16),
        ),
        migrations.CreateModel(
            name="HouseStyle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("light", models.JSONField(default=dict, help_text="Values by the name of the custom property")),
                ("dark", models.JSONField(default=dict, help_text="The same for the dark display; empty: ours")),
                ("logo", models.BinaryField(null=True)),
                ("logo_type", models.CharField(blank=True, max_length=20)),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenancy.organisation"
                    ),
                ),
            ],
        ),
        Fence("HouseStyle", Kind.HOUSE),
    ]
