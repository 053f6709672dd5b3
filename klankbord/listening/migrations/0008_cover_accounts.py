from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import migrations

from klankbord.base.text.folding import fold
from klankbord.base.text.masking import mask
from klankbord.channels.queries import accounts_of
from klankbord.posts.actions import terms_of

CHUNK = 1000


def cover_accounts(apps: Apps, schema_editor: Any) -> None:
    """What was overheard and kept before accounts of others were covered: its text and earlier versions, and what it is
    found by. The organisation's own accounts stay, and those that owners of running dossiers stated.
    """
    posts = apps.get_model("posts", "Post").objects.filter(overheard=True)
    for organisation in posts.values_list("organisation", flat=True).distinct():
        known = _known(apps, organisation)
        for pk, *told in (
            posts.filter(organisation=organisation)
            .values_list("pk", "subject", "warning", "text")
            .iterator(chunk_size=CHUNK)
        ):
            covered = [mask(text, known) for text in told]
            if covered != told:
                with schema_editor.connection.cursor() as cursor:
                    cursor.execute(
                        "UPDATE posts_post SET subject = %s, warning = %s, text = %s,"
                        " tokens = ts_delete(tokens, %s::text[]) WHERE id = %s",
                        [*covered, sorted(set(terms_of(*told)) - set(terms_of(*covered))), pk],
                    )
        revisions = apps.get_model("posts", "Revision").objects.filter(
            post__overheard=True, post__organisation=organisation
        )
        for pk, text in revisions.values_list("pk", "text").iterator(chunk_size=CHUNK):
            if mask(text, known) != text:
                revisions.filter(pk=pk).update(text=mask(text, known))


def _known(apps: Apps, organisation: int) -> frozenset[str]:
    """As ``listening.queries.known_accounts`` has it, for the models of this moment."""
    channels = apps.get_model("channels", "Channel").objects.filter(organisation=organisation)
    running = apps.get_model("listening", "Dossier").objects.filter(organisation=organisation, state="active")
    handles = [handle for channel in channels for handle in (*accounts_of(channel), channel.name)]
    handles += [one["key"] for declared in running.values_list("declared", flat=True) for one in declared]
    return frozenset(fold(handle) for handle in handles if handle.startswith("@"))


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0005_own_access"),
        ("listening", "0007_flagged"),
        ("posts", "0009_round_finds"),
    ]

    operations = [migrations.RunPython(cover_accounts, migrations.RunPython.noop)]
