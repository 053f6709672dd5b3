"""Furnishes an empty house for the exercise: one town, its colleagues, its channels. Run apart: ``python -m``.

Reads what to make as JSON from standard input and works as the owner of the tables, as the demo does.
"""

from __future__ import annotations

import json
import os
import sys

from klankbord.project.migration import use_database


def furnish() -> None:
    wanted = json.load(sys.stdin)
    use_database(os.environ["DATABASE_OWNER_URL"])
    from allauth.account.models import EmailAddress
    from django.db import transaction

    from klankbord.channels.actions import connect_channel
    from klankbord.listening.actions.place import open_place_dossier
    from klankbord.tenancy.models import Membership, Organisation, User

    with transaction.atomic():
        town = Organisation.objects.create(name="Klankendam (oefening)", is_demo=True)
        open_place_dossier(town, ["Klankendam"], by=None)
        for email in wanted["people"]:
            user = User(email=email, name=f"{email.partition('@')[0].title()} (oefening)", is_demo=True)
            user.set_password(wanted["password"])
            user.save()
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
            Membership.objects.create(organisation=town, user=user, roles=["webcare", "coordinator"])
        for one in wanted["channels"]:
            connect_channel(town, one["kind"], one["name"], one["settings"], one["secrets"], by=None)


if __name__ == "__main__":
    furnish()
