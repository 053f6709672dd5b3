"""Limits on guessing hold over several web processes: they share what they remember."""

from __future__ import annotations

import os
import subprocess
import sys

from django.core.cache import cache
from django.db import connection
from psycopg.conninfo import make_conninfo

from klankbord.tenancy.models import User
from tests.cast import Cast

# What one web process makes of four wrong passwords: the code of each answer.
GUESS = """
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
for number in range(4):
    client = Client(headers={"host": "localhost"})
    answer = client.post("/accounts/login/", {"login": "noor@echt.example", "password": f"gok {number}"})
    for errors in answer.context["form"].errors.as_data().values():
        print(*[error.code for error in errors])
"""


def test_five_wrong_passwords_are_five_however_many_processes_are_asked(cast: Cast) -> None:
    cache.clear()
    user = User(email="noor@echt.example", name="Noor")
    user.set_password("vier losse woorden samen")
    user.save()
    database = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    told = os.environ | {"DJANGO_SETTINGS_MODULE": "klankbord.project.settings", "DATABASE_URL": database}
    command = [sys.executable, "-W", "ignore", "-c", GUESS]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=told, text=True) for _ in range(3)]
    said = "".join(process.communicate(timeout=120)[0] for process in running).split()
    assert len(said) == 12
    assert said.count("too_many_login_attempts") == 12 - 5, said
    cache.clear()
