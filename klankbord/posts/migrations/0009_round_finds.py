from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import migrations

from klankbord.base.text.rounding import rounded
from klankbord.posts.actions import terms_of

CHUNK = 1000


def round_finds(apps: Apps, schema_editor: Any) -> None:
    """What was overheard and kept before houses were covered: its text and earlier versions, and what it is found by.

    Only the terms of what is covered go: the article behind a headline is searched too, and is kept nowhere.
    """
    posts = apps.get_model("posts", "Post").objects.filter(overheard=True)
    for pk, *told in posts.values_list("pk", "subject", "warning", "text").iterator(chunk_size=CHUNK):
        covered = [rounded(text) for text in told]
        if covered != told:
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE posts_post SET subject = %s, warning = %s, text = %s, tokens = ts_delete(tokens, %s::text[])"
                    " WHERE id = %s",
                    [*covered, sorted(set(terms_of(*told)) - set(terms_of(*covered))), pk],
                )
    revisions = apps.get_model("posts", "Revision").objects.filter(post__overheard=True)
    for pk, text in revisions.values_list("pk", "text").iterator(chunk_size=CHUNK):
        if rounded(text) != text:
            revisions.filter(pk=pk).update(text=rounded(text))


class Migration(migrations.Migration):
    dependencies = [("posts", "0008_candidates")]

    operations = [migrations.RunPython(round_finds, migrations.RunPython.noop)]
