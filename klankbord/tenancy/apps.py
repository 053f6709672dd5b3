from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "klankbord.tenancy"
    default_auto_field = "django.db.models.BigAutoField"
