from django.db import migrations

MAKE = """
CREATE UNLOGGED TABLE base_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX base_cache_expires ON base_cache (expires);
"""


class Migration(migrations.Migration):
    """What all web processes remember together for a moment, such as how often somebody tried to log in.

    Unlogged: after a crash of the machine it may be empty, and it costs no write-ahead log.
    """

    dependencies = [("base", "0001_initial")]

    operations = [migrations.RunSQL(MAKE, "DROP TABLE base_cache")]
