"""The pages about what is followed and what was found."""
