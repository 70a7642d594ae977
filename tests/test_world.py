"""Settings: read once, refused by name, secrets never shown; one sealing key for all."""

import socket
import threading
from pathlib import Path

import pytest

from chaupal import world
from chaupal.kit.refusals import Invalid, Refused

KEY = "ab" * 32


def test_without_settings_everything_is_embedded_and_local(tmp_path):
    settings = world.settings({}, data=tmp_path)
    assert settings.database_url is None
    assert settings.nats_url is None
    assert settings.public_url == "http://127.0.0.1:8001"
    assert settings.data == tmp_path


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    settings = world.settings({"CHAUPAL_SEALING_KEY_FILE": str(tmp_path / "key")})
    assert settings.sealing_key == bytes.fromhex(KEY)


def test_secrets_are_not_shown():
    settings = world.settings(
        {"DATABASE_URL": "postgresql://u:hidden@h/d", "CHAUPAL_SEALING_KEY": KEY}
    )
    assert "hidden" not in repr(settings)
    assert KEY not in repr(settings)
    assert "abab" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAUPAL_WEB_PORT", "eighty"),
        ("CHAUPAL_EDGE_PORT", "70000"),
        ("CHAUPAL_SEALING_KEY", "zz"),
        ("CHAUPAL_SEALING_KEY", "abab"),
        ("CHAUPAL_SEALING_KEY_FILE", "/nowhere/at/all"),
        ("CHAUPAL_RELAY_STEPS_S", "1,2"),
        ("CHAUPAL_LEASES_S", "15"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_its_name(name, value):
    with pytest.raises(Invalid) as refusal:
        world.settings({name: value})
    assert refusal.value.facts["name"] == name
    assert value not in str(refusal.value)


def test_a_foreign_database_needs_a_key_of_its_own(tmp_path):
    settings = world.settings({"DATABASE_URL": "postgresql://h/d"}, data=tmp_path)
    with pytest.raises(Invalid, match="sealing_key_missing"):
        world.sealer(settings)


def test_programs_that_start_at_once_agree_on_one_key(tmp_path):
    settings = world.settings({}, data=tmp_path)
    made: list[bytes] = []

    def make() -> None:
        made.append(world.sealer(settings).lookup("x", "y"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    key = Path(tmp_path / "sealing.key")
    assert key.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [key]


@pytest.fixture
def taken():
    """A port on loopback that somebody listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_port_that_is_taken_gives_way_to_the_next_free_one(tmp_path, taken):
    wanted = world.settings({"CHAUPAL_WEB_PORT": str(taken)}, data=tmp_path)
    found = world.with_free_ports(wanted, {})
    assert taken < found.web_port < taken + 100
    assert found.edge_port != found.web_port
    assert found.desk_url == f"http://127.0.0.1:{found.web_port}"
    assert found.public_url == f"http://127.0.0.1:{found.edge_port}"


@pytest.mark.parametrize("name", ["CHAUPAL_WEB_PORT", "CHAUPAL_EDGE_PORT"])
def test_a_port_that_was_asked_for_by_name_and_is_taken_is_refused(tmp_path, taken, name):
    asked = {name: str(taken)}
    with pytest.raises(Refused, match="port_taken") as refusal:
        world.with_free_ports(world.settings(asked, data=tmp_path), asked)
    assert refusal.value.code == "console.port_taken"
    assert refusal.value.facts == {"port": str(taken), "name": name}
