"""Every hour: end what is over, flag what is in doubt, forget what has been kept long enough, share the figures."""

from __future__ import annotations

from django.utils import timezone

from klankbord.base.trouble import on_its_own
from klankbord.listening.actions.finds import end_overdue, flag_doubtful, remove_old_finds, share_counts
from klankbord.tenancy.fence import acting_for, for_all_organisations
from klankbord.tenancy.models import Organisation


def forget_what_is_due() -> None:
    now = timezone.now()
    with for_all_organisations("forgetting: whose finds have been kept long enough"):
        organisations = list(Organisation.objects.values_list("pk", flat=True))
    for organisation in organisations:
        # the day of what one organisation keeps does not wait for another
        with on_its_own(organisation=organisation), acting_for(organisation):
            end_overdue(organisation, now)
            remove_old_finds(organisation, now)
            share_counts(organisation, now)
        with on_its_own(organisation=organisation), acting_for(organisation):
            flag_doubtful(organisation, now)
