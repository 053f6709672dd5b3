import csv
from collections.abc import Iterator
from importlib import resources

from django.db import migrations

COLUMNS = "code, name, province, population, latitude, longitude, area_code, tooi, safety_region"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _rows() -> Iterator[str]:
    text = (resources.files("klankbord.tenancy") / "data" / "gemeenten.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        strings = [_quoted(row[name]) for name in ("netnummer", "tooi_uri", "veiligheidsregio")]
        numbers = [str(int(row["inwoners_2023"])), str(float(row["lat"])), str(float(row["lon"]))]
        named = [_quoted(row[name]) for name in ("cbs_code", "naam", "provincie")]
        yield f"({', '.join(named + numbers + strings)})"


class Migration(migrations.Migration):
    """The municipalities of the Netherlands, as plain SQL so that ``migrate --print-sql`` holds them too."""

    dependencies = [("tenancy", "0003_joining")]

    operations = [
        migrations.RunSQL(
            f"INSERT INTO tenancy_municipality ({COLUMNS}) VALUES\n" + ",\n".join(_rows())
            + "\nON CONFLICT (code) DO NOTHING",
            migrations.RunSQL.noop,
        )
    ]
