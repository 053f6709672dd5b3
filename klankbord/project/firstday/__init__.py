"""The first day: from an empty house to a working organisation. Part of ``project``, since it uses every room."""
