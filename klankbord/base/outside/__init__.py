"""The only doors to the outside: HTTP here, with one guard and one set of limits for everybody."""
