"""The real house, killed at random moments while real servers exchange messages with it."""
