from django.apps import AppConfig


class ExercisesConfig(AppConfig):
    name = "klankbord.exercises"
