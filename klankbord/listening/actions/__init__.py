"""All writes to dossiers, finds and counts, a file per subject."""
