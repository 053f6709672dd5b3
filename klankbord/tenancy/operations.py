"""Migration operations that put a table behind the fence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind


def _set(name: str) -> str:
    # An unset or emptied setting is no array, so PostgreSQL raises an error instead of showing an empty page.
    return f"current_setting('klankbord.{name}')::bigint[]"


MEMBER = f"organisation_id = ANY ({_set('organisations')})"
ACTING = f"organisation_id = ANY ({_set('mandated')})"
MEMBER_OR_ACTING = f"({MEMBER} OR {ACTING})"
READ_CHANNEL = (
    f"(channel_id = ANY ({_set('private_channels')}) OR (NOT private AND channel_id = ANY ({_set('public_channels')})))"
)
WRITE_CHANNEL = f"channel_id = ANY ({_set('desk_channels')})"
OPENED = (
    f"(organisation_id = ANY ({_set('organisations')})"
    " AND (organisation_id || ' ' || root_uri) = ANY (current_setting('klankbord.opened')::text[]))"
)
READER = f"organisation_id = ANY ({_set('readers')})"
PARTY = f"({MEMBER} OR desk_organisation_id = ANY ({_set('organisations')}))"
ME = "user_id = nullif(current_setting('klankbord.user'), '')::bigint"


def policies(kind: Kind, parent: tuple[str, str] | None, opened: bool, members: bool) -> dict[str, tuple[str, str]]:
    """Per command (ALL, SELECT, INSERT, UPDATE, DELETE): what may be seen and what may be written."""
    match kind:
        case Kind.HOUSE:
            return {"ALL": (MEMBER, MEMBER)}
        case Kind.DESK:
            seen = f"{READ_CHANNEL} OR {OPENED}" if opened else READ_CHANNEL
            write = f"{MEMBER_OR_ACTING} AND {WRITE_CHANNEL}"
            return {
                "SELECT": (seen, ""),
                "INSERT": ("", write),
                "UPDATE": (write, write),
                "DELETE": (write, ""),
            }
        case Kind.CHANNEL:
            return {
                "SELECT": (f"{MEMBER} OR id = ANY ({_set('public_channels')})", ""),
                "INSERT": ("", MEMBER),
                "UPDATE": (MEMBER, MEMBER),
                "DELETE": (MEMBER, ""),
            }
        case Kind.CHILD:
            assert parent is not None
            table, column = parent
            of_parent = f"EXISTS (SELECT FROM {table} parent WHERE parent.id = {column}"
            of_parent += " AND parent.organisation_id = {table_name}.organisation_id"
            if members:
                of_parent = f"{MEMBER} AND {of_parent}"
            # who may only read the parent changes nothing that hangs on it
            seen, write = f"{of_parent})", f"{of_parent} AND parent.{WRITE_CHANNEL})"
            return {"SELECT": (seen, ""), "INSERT": ("", write), "UPDATE": (write, write), "DELETE": (write, "")}
        case Kind.READERS:
            return {"ALL": (READER, READER)}
        case Kind.PACT:
            return {
                "SELECT": (PARTY, ""),
                "INSERT": ("", MEMBER),
                "UPDATE": (MEMBER, MEMBER),
                "DELETE": (MEMBER, ""),
            }
        case Kind.JOURNAL:
            return {"SELECT": (MEMBER, ""), "INSERT": ("", MEMBER_OR_ACTING)}
        case Kind.SHARED:
            own = f"id = ANY ({_set('organisations')})"
            return {"SELECT": ("true", ""), "UPDATE": (own, own)}
        case Kind.PERSONAL:
            return {"ALL": (ME, ME)}
        case _:
            raise ValueError(f"a table of kind {kind} has no policy")


class Fence(Operation):
    """Enable row-level security on a model's table, with the policies of its kind and composite foreign keys.

    ``parent`` is ``(table, column)`` for a CHILD; ``opened`` lets a privacy officer who gave a reason see the rows of
    that one thread (the table then has a ``root_uri``). ``members`` keeps a CHILD from desks that act by mandate.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        model_name: str,
        kind: Kind,
        parent: tuple[str, str] | None = None,
        opened: bool = False,
        members: bool = False,
    ) -> None:
        self.model_name, self.kind, self.parent = model_name, Kind(kind), parent
        self.opened, self.members = opened, members

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The fence is no part of Django's state; the catalogue test looks after it."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        for statement in self.statements(model):
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        for command in policies(self.kind, self.parent, self.opened, self.members):
            schema_editor.execute(f"DROP POLICY fence_{command.lower()} ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def statements(self, model: Any) -> Iterator[str]:
        table = model._meta.db_table
        fields = {field.name: field for field in model._meta.get_fields() if hasattr(field, "column")}
        if "organisation" in fields:
            yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_organisation_key UNIQUE (organisation_id, id)"
        for name, field in fields.items():
            if isinstance(field, FencedForeignKey):
                target = field.related_model._meta.db_table
                yield (
                    f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name}_fence FOREIGN KEY"
                    f" ({field.beside}_id, {field.column}) REFERENCES {target} (organisation_id, id)"
                    " DEFERRABLE INITIALLY DEFERRED"
                )
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        for command, (using, check) in policies(self.kind, self.parent, self.opened, self.members).items():
            clauses = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
            yield f"CREATE POLICY fence_{command.lower()} ON {table} FOR {command}{clauses}".replace(
                "{table_name}", table
            )

    def describe(self) -> str:
        return f"Put {self.model_name} behind the fence as {self.kind}"
