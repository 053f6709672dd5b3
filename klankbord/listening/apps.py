from django.apps import AppConfig


class ListeningConfig(AppConfig):
    name = "klankbord.listening"
    default_auto_field = "django.db.models.BigAutoField"
