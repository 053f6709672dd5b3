import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.operations import Fence


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0009_coming")]

    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(blank=True, help_text="Empty: as the browser asks", max_length=8)),
                (
                    "theme",
                    models.CharField(
                        blank=True,
                        choices=[("", "As my device"), ("light", "Light"), ("dark", "Dark")],
                        default="",
                        max_length=5,
                    ),
                ),
                ("single_keys", models.BooleanField(default=True, help_text="Keys of one letter at the desk")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        Fence("Preference", Kind.PERSONAL),
    ]
