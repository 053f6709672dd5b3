"""No deadline for a single example: a busy machine must not fail a right answer."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
