import gc
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chaupal.engine import doctor, nats, processes
from chaupal.engine.migrate import migrate


def now():
    return datetime.now(UTC)


@pytest.fixture
def assets(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "page.css").write_text("")
    return tmp_path / "assets"


@pytest.fixture
def examine(tmp_path, assets):
    """Examine with everything absent except what is named; give the sentences of what is bad."""

    async def run(folder=tmp_path, program_dsn=None, nats_url=None, assets=assets, now=now):
        found = await doctor.examine(
            folder, program_dsn=program_dsn, nats_url=nats_url, assets=assets, now=now
        )
        return {f.code: doctor.sentence(f) for f in found if not f.ok}

    return run


@pytest.fixture
def program(blank, server):
    """The program's DSN of the test's database."""
    return make_conninfo(server.program_dsn, dbname=conninfo_to_dict(blank)["dbname"])


async def test_a_healthy_house_has_nothing_wrong(examine, blank, program, place):
    migrate(blank)
    found = nats.start(place, durable=False)
    assert await examine(program_dsn=program, nats_url=found.url) == {}


async def test_engines_that_are_down_are_named_with_the_mend(examine, tmp_path):
    absent = make_conninfo(host=str(tmp_path), user="x", dbname="x")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        for dsn, url in [(None, None), (absent, f"nats://127.0.0.1:{port}")]:
            bad = await examine(program_dsn=dsn, nats_url=url)
            assert bad.keys() == {"database", "nats"}
            assert "chaupal up" in bad["database"]
            assert "NATS_URL" in bad["nats"]


async def test_a_nats_that_knows_another_token_is_as_good_as_down(examine, place):
    address = nats.start(place, durable=False).url.rpartition("@")[2]
    assert "NATS_URL" in (await examine(nats_url=f"nats://guess@{address}"))["nats"]
    gc.collect()  # a socket left open would be a warning here


async def test_pending_migrations_are_counted(examine, program):
    bad = await examine(program_dsn=program)
    assert "0001_foundations" in bad["migrations"]
    assert "chaupal migrate" in bad["migrations"]


async def test_migrations_of_another_chaupal_are_named(examine, blank, program):
    migrate(blank)
    with psycopg.connect(blank) as conn:
        conn.execute("INSERT INTO migration (number, name, sha256) VALUES (9000, 'later', '')")
    bad = await examine(program_dsn=program)
    assert "engine.migration_unknown, later" in bad["migrations_agree"]


async def test_a_program_that_signs_in_as_the_owner_is_found_out(examine, blank):
    migrate(blank)
    bad = await examine(program_dsn=blank)
    assert "can bypass row security" in bad["role_is_plain"]
    assert "owns the table" in bad["role_owns_nothing"]


async def test_a_table_that_is_not_sealed_is_named(examine, blank, program):
    migrate(blank)
    with psycopg.connect(blank) as conn:
        conn.execute("CREATE TABLE leak (organisation_id integer)")
        conn.execute("ALTER TABLE leak ENABLE ROW LEVEL SECURITY")  # but not for its owner
    bad = await examine(program_dsn=program)
    assert bad.keys() == {"sealed", "nats"}
    assert "The table leak is not sealed" in bad["sealed"]


async def test_clocks_that_differ_are_told_apart(examine, blank, program):
    migrate(blank)
    bad = await examine(program_dsn=program, now=lambda: now() - timedelta(hours=1))
    assert "differ by 3600" in bad["clock"]
    assert bad.keys() == {"clock", "nats"}


async def test_a_nats_without_jetstream_is_named(examine):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def listens():
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", port)) == 0

    command = [nats.binary(), "--addr", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as bare:
        assert processes.wait_until(listens, limit_s=30)
        bad = await examine(nats_url=f"nats://127.0.0.1:{port}")
        bare.kill()
    assert bad.keys() == {"database", "jetstream"}
    assert "--jetstream" in bad["jetstream"]


async def test_a_place_that_cannot_be_written_to_is_named(examine, tmp_path):
    (tmp_path / "file").write_text("no folder")
    bad = await examine(folder=tmp_path / "file")
    assert str(tmp_path / "file") in bad["folder"]


async def test_missing_assets_are_named(examine, tmp_path):
    assert "make setup" in (await examine(assets=tmp_path / "none"))["assets"]


def test_every_finding_has_a_sentence_in_any_language():
    facts = dict.fromkeys(("version", "wheel", "path", "free_gb", "least_gb", "seconds"), 1)
    facts |= dict.fromkeys(("count", "first", "why", "name", "role", "table"), 1)
    facts |= dict.fromkeys(("broadcasts", "organisation"), 1)
    for code in doctor.SENTENCES:
        for ok in (True, False):
            finding = doctor.Finding(code, ok, facts)
            said = doctor.sentence(finding, gettext=lambda words: f"«{words}»")
            assert said.startswith("«")
            assert said.endswith(".»")
