"""schema.sql, the reference of what the migrations make: `python -m chaupal.engine.schema`."""

import re
import subprocess
import tempfile
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chaupal.engine import postgres
from chaupal.engine.migrate import migrate
from chaupal.kit.refusals import Unavailable

FILE = Path(__file__).parent / "schema.sql"
HEADING = (
    "-- Written by `python -m chaupal.engine.schema`: read it here, change it in migrations/.\n\n"
)
# What pg_dump says about itself and its session, which differs between releases and runs.
CHATTER = re.compile(
    r"^(?:--|SET |SELECT pg_catalog\.set_config|\\(?:un)?restrict\b).*\n", re.MULTILINE
)


def dump_schema(owner_dsn: str) -> str:
    """Return the database's schema as SQL, the same text for the same schema."""
    words = {name: str(value) for name, value in conninfo_to_dict(owner_dsn).items()}
    password = words.pop("password", "")  # in the environment, since ps shows arguments
    ended = subprocess.run(  # noqa: S603
        [
            str(postgres.binaries() / "pg_dump"),
            "--schema-only",
            "--no-owner",
            f"--dbname={make_conninfo('', **words)}",
        ],
        check=False,
        capture_output=True,
        text=True,
        env={**postgres.ENVIRONMENT, "PGPASSWORD": password},
    )
    if ended.returncode != 0:
        raise Unavailable("engine.schema_not_dumped")
    return normalise(ended.stdout)


def normalise(dump: str) -> str:
    """Leave out what changes although the schema does not. Pure."""
    plain = CHATTER.sub("", dump)
    return HEADING + re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n"


def main() -> None:
    """Migrate a fresh throw-away database and write its schema to schema.sql."""
    with tempfile.TemporaryDirectory(prefix="chaupal-schema-") as folder:
        server = postgres.start(Path(folder), durable=False)
        try:
            migrate(server.owner_dsn)
            FILE.write_text(dump_schema(server.owner_dsn), encoding="utf-8")
        finally:
            postgres.stop(Path(folder))


if __name__ == "__main__":
    main()
