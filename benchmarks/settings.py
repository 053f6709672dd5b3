"""The settings of the house, with the floors of the benchmarks among its addresses."""

from klankbord.project.settings import *  # noqa: F403  # settings are names in a module

ROOT_URLCONF = "benchmarks.site"
