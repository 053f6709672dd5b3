"""A foreign key that can never point into another organisation."""

from __future__ import annotations

from typing import Any

from django.db import models


class FencedForeignKey(models.ForeignKey):  # type: ignore[type-arg]  # django-stubs cannot subscript a subclass
    """A foreign key of one fenced table to another.

    Row-level security does not stop a row from naming a row of somebody else, so the constraint in the database is a
    composite one, on ``(organisation_id, …)``; the migration operation ``Fence`` makes it. ``beside`` names the field
    with the organisation of the target where that is not ``organisation``.
    """

    def __init__(self, *args: Any, beside: str = "organisation", **kwargs: Any) -> None:
        self.beside = beside
        kwargs["db_constraint"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        if self.beside != "organisation":
            kwargs["beside"] = self.beside
        return name, path, args, kwargs
