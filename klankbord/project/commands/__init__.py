"""What one types after ``klankbord``, one file each: ``HELP``, ``arguments(parser)`` and ``run(options)``."""
