"""Pure functions on text: tokens for matching and search, cleaning of what comes from outside."""
