"""The models, the list of kinds and the database's own catalogue say the same."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import SYSTEM_TABLES, Kind
from klankbord.tenancy.operations import Fence
from klankbord.tenancy.roles import RIGHTS, Right
from tests.cast import Cast

UNFENCED = {Kind.OPEN, Kind.SYSTEM}


def rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("klankbord.")]


def test_every_table_in_the_catalogue_has_a_kind(cast: Cast) -> None:
    declared = {model._meta.db_table: model.fence for model in models() if hasattr(model, "fence")}
    tables = {name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    unknown = tables - set(declared) - set(SYSTEM_TABLES)
    assert not unknown, f"no kind declared: {sorted(unknown)}"
    for table, kind in declared.items():
        assert (kind == Kind.SYSTEM) == (table in SYSTEM_TABLES), table


def test_every_table_of_an_organisation_has_row_level_security_and_a_policy(cast: Cast) -> None:
    secured = {
        name for (name,) in rows("SELECT relname FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity")
    }
    policed = {name for (name,) in rows("SELECT DISTINCT tablename FROM pg_policies")}
    for model in models():
        table = model._meta.db_table
        if getattr(model, "fence", Kind.SYSTEM) in UNFENCED:
            assert table not in secured, table
        else:
            assert table in secured, table
            assert table in policed, table


def test_every_table_is_fenced_as_its_model_says() -> None:
    migrations = MigrationLoader(None).disk_migrations.values()
    fenced = {
        (migration.app_label, operation.model_name.lower()): operation.kind
        for migration in sorted(migrations, key=lambda one: one.name)
        for operation in migration.operations
        if isinstance(operation, Fence)
    }
    declared = {
        (model._meta.app_label, model._meta.model_name): getattr(model, "fence", Kind.SYSTEM) for model in models()
    }
    said = {name: kind for name, kind in declared.items() if kind not in UNFENCED}
    # as a house for who writes it; its own policy shows it to whom that organisation chose
    shared = ("listening", "sharedday")
    assert (fenced.pop(shared), said.pop(shared)) == (Kind.HOUSE, Kind.SHARED)
    assert fenced == said


def test_every_table_with_an_organisation_is_fenced(cast: Cast) -> None:
    for model in models():
        names = {field.name for field in model._meta.fields}
        if "organisation" in names:
            assert getattr(model, "fence", Kind.SYSTEM) not in UNFENCED, model


def test_every_reference_between_fenced_tables_is_composite(cast: Cast) -> None:
    composite = {
        (table, columns)
        for table, columns in rows(
            "SELECT con.conrelid::regclass::text, pg_get_constraintdef(con.oid) FROM pg_constraint con"
            " WHERE con.contype = 'f' AND cardinality(con.conkey) = 2"
        )
    }
    for model in models():
        if "organisation" not in {field.name for field in model._meta.fields}:
            continue
        for field in model._meta.fields:
            target = field.related_model
            if target is None or "organisation" not in {f.name for f in target._meta.fields}:
                continue
            assert isinstance(field, FencedForeignKey), f"{model.__name__}.{field.name} must be a FencedForeignKey"
            wanted = f"({field.beside}_id, {field.column}) REFERENCES {target._meta.db_table}(organisation_id, id)"
            assert any(table == model._meta.db_table and wanted in text for table, text in composite), wanted


def test_functions_that_step_over_the_fence_are_safe(cast: Cast) -> None:
    definers = rows(
        "SELECT proname, proconfig FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE prosecdef AND nspname = 'public'"
    )
    assert definers
    for name, config in definers:
        # pg_temp last: nobody puts a table of his own before ours
        assert "search_path=pg_catalog, public, pg_temp" in (config or ()), name
    public = rows(
        "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE nspname = 'public' AND has_function_privilege('public', pg_proc.oid, 'EXECUTE')"
    )
    assert public == []


def test_the_database_and_the_role_table_name_the_same_roles() -> None:
    source = (resources.files("klankbord.tenancy") / "sql" / "fence.sql").read_text()
    named = [frozenset(roles.split(",")) for roles in re.findall(r"roles && '\{([a-z,]+)\}'", source)]
    known = {
        right: frozenset(role.value for role, rights in RIGHTS.items() if right in rights)
        for right in (Right.READ_PUBLIC, Right.READ_PRIVATE, Right.OPEN_WITH_REASON)
    }
    assert set(named) == set(known.values())
    # both where somebody enters and where a live event asks who may know
    assert named.count(known[Right.READ_PUBLIC]) == 2
    assert named.count(known[Right.READ_PRIVATE]) == 3


def test_who_reads_private_messages_is_who_writes() -> None:
    for rights in RIGHTS.values():
        assert (Right.READ_PRIVATE in rights) == (Right.WRITE_CONVERSATIONS in rights)
