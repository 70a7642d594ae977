"""The console's manners: a sentence and a status, never a traceback; secrets never as arguments."""

import asyncio
import re
import signal
import socket
from pathlib import Path

import psutil
import pytest

import privacy
from chaupal.cli import words
from chaupal.directory import Outcome, Reason
from chaupal.directory.words import OUTCOMES, REASONS
from chaupal.web.words import REFUSALS
from cli.conftest import Terminal, environment
from factories import PASSWORD, an_organisation

RAISED = re.compile(r'(?:Refused|Invalid|NotFound|NotAllowed|Unavailable)\(\s*"([a-z_.]+)')
SOURCE = Path(words.__file__).parent


def running_under(data: str) -> list[str]:
    return [
        process.info["name"]
        for process in psutil.process_iter(["name", "cmdline"])
        if any(data in word for word in process.info["cmdline"] or [])
    ]


async def test_a_fresh_machine_comes_to_an_account_in_three_commands(lonely_terminal, tmp_path):
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    units = tmp_path / "units.csv"
    units.write_text("code,parent_code,level,name_hi,name_en\nRJ,,state,राजस्थान,Rajasthan\n")
    founded = await lonely_terminal.run(
        "organisation", "create", "sangh", "--name-hi", "संघ", "--name-en", "Sangh", "--type", "ngo"
    )
    imported = await lonely_terminal.run("import", "units", str(units))
    opened = await lonely_terminal.run(
        "account", "create", "asha", "--name", "Asha", "--role", "administrator",
        "--password-file", str(password),
    )  # fmt: skip
    verified = await lonely_terminal.run("record", "verify")
    assert [said.status for said in (founded, imported, opened, verified)] == [0, 0, 0, 0]
    assert "3 entries" in verified.out
    assert running_under(str(tmp_path / "data")) == [], "what a command started, it stops"


async def test_up_runs_until_ctrl_c_and_stops_everything_that_it_started(lonely_terminal, tmp_path):
    port = int(lonely_terminal.environment["CHAUPAL_EDGE_PORT"])
    process = await lonely_terminal.start("up")
    listening = re.compile(rb'"port": (\d+), "event": "edge.listening"')
    said = []
    async for line in process.stderr:
        said.append(line)
        if listening.search(line):
            break
    assert int(listening.search(said[-1])[1]) == port, said
    process.send_signal(signal.SIGINT)
    out, rest = await process.communicate()
    assert process.returncode == 0
    assert out.decode().splitlines()[-1] == "Stopped."
    assert privacy.found(b"".join([*said, rest]).decode(), "up") == []
    assert running_under(str(tmp_path / "data")) == []


async def test_the_doctor_names_what_is_wrong_and_says_so_by_its_status(terminal, lonely_terminal):
    ill = await lonely_terminal.run("doctor")
    assert ill.status == 1
    assert "✗ PostgreSQL does not answer: run `chaupal up`, or look at DATABASE_URL." in ill.out
    told = (await terminal.run("--language", "hi", "doctor")).out
    assert "✗" not in "".join(line for line in told.splitlines() if "PostgreSQL" in line)


@pytest.mark.parametrize("away", ["DATABASE_URL", "NATS_URL"])
async def test_an_engine_that_is_down_is_named_in_a_sentence(terminal, away):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scheme = "postgresql" if away == "DATABASE_URL" else "nats"
    terminal.environment[away] = f"{scheme}://127.0.0.1:{port}/chaupal"
    said = await terminal.run("record", "verify")
    assert said.status == 2
    what = "The database" if away == "DATABASE_URL" else "The arrivals log"
    assert said.err.startswith(f"{what} does not answer.")
    assert len(said.err.splitlines()) == 1


async def test_with_several_organisations_the_console_asks_which(terminal, rt):
    nobody = await terminal.run("record", "verify")
    assert "no organisation yet" in nobody.err
    await an_organisation(rt)
    assert (await terminal.run("record", "verify")).status == 0
    await an_organisation(rt, "dusra")
    both = await terminal.run("record", "verify")
    assert (both.status, "sangh, dusra" in both.err) == (2, True)
    assert (await terminal.run("record", "verify", "--organisation", "dusra")).status == 0
    assert (await terminal.run("record", "verify", "--organisation", "nobody")).status == 2


async def test_a_short_password_and_a_taken_name_are_refused(terminal, rt, tmp_path):
    await an_organisation(rt)
    password = tmp_path / "password"
    account = (
        "account", "create", "asha", "--name", "Asha", "--role", "desk",
        "--password-file", str(password),
    )  # fmt: skip
    missing = await terminal.run(*account)
    password.write_text("short\n")
    short = await terminal.run(*account)
    password.write_text(PASSWORD)
    first, second = await terminal.run(*account), await terminal.run(*account)
    assert [said.status for said in (missing, short, first, second)] == [2, 2, 0, 2]


async def test_a_sender_is_added_with_its_secrets_sealed(terminal, rt, tmp_path):
    place = await an_organisation(rt)
    token, secret = tmp_path / "token", tmp_path / "secret"
    token.write_text("very-secret-token\n")
    secret.write_text("very-secret-secret\n")
    said = await terminal.run(
        "sender", "add", "bot", "--channel", "telegram", "--endpoint", "https://api.example.invalid",
        "--token-file", str(token), "--webhook-secret-file", str(secret),
    )  # fmt: skip
    assert said.status == 0
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT id, sealed_token FROM sender")
        [(id, sealed)] = await cursor.fetchall()
    assert rt.sealer.unseal(sealed, f"sender/{id}/token") == "very-secret-token"
    relayed = await terminal.run(
        "sender", "add", "wa", "--channel", "whatsapp", "--endpoint", "https://x.invalid",
        "--token-file", str(token), "--webhook-secret-file", str(secret),
    )  # fmt: skip
    assert relayed.status == 2


async def test_a_sender_is_added_with_its_limits_and_one_that_cannot_be_adds_nothing(
    terminal, rt, tmp_path
):
    place = await an_organisation(rt)
    token = tmp_path / "token"
    token.write_text("very-secret\n")
    command = (
        "sender", "add", "wa", "--channel", "sandbox", "--endpoint", "https://api.example.invalid",
        "--rate-per-s", "80", "--portfolio", "p-1", "--daily-limit", "250",
        "--pair-interval-s", "6",
        "--token-file", str(token), "--webhook-secret-file", str(token),
    )  # fmt: skip
    half = await terminal.run(*command)
    assert (half.status, "pair_burst" in half.err) == (2, True)
    assert (await terminal.run(*command, "--pair-burst", "45")).status == 0
    async with place.transaction() as conn:
        cursor = await conn.execute(
            "SELECT rate_per_s, chat_interval_s, portfolio, daily_limit, pair_interval_s,"
            " pair_burst FROM sender"
        )
        assert await cursor.fetchall() == [(80, 0, "p-1", 250, 6, 45)]
        cursor = await conn.execute(
            "SELECT actor_label, facts->>'daily_limit' FROM record"
            " WHERE kind = 'sender.limits_written'"
        )
        assert await cursor.fetchall() == [("console", "250")]


async def test_senders_of_mail_and_sms_are_added_by_addresses_of_their_own(terminal, rt, tmp_path):
    place = await an_organisation(rt)
    token = tmp_path / "token"
    token.write_text("chaupal:very-secret\n")
    both = ("--token-file", str(token), "--webhook-secret-file", str(token))
    for name, channel, endpoint, status in (
        ("post", "email", "smtps://mail.example/news@sangh.example", 0),
        ("web", "email", "https://mail.example", 2),
        ("sms", "sms", "smpps://centre.example/CHAUPL-S?entity=1101000000000000001", 0),
        ("bare", "sms", "smpps://centre.example/CHAUPL", 2),
        ("bot", "telegram", "smpp://centre.example/CHAUPL-S?entity=1", 2),
    ):
        secrets = both[:2] if channel == "sms" else both  # a centre posts nothing to anybody
        said = await terminal.run(
            "sender", "add", name, "--channel", channel, "--endpoint", endpoint, *secrets
        )
        assert said.status == status, name
    async with place.transaction() as conn:
        cursor = await conn.execute("SELECT name FROM sender ORDER BY name")
        assert await cursor.fetchall() == [("post",), ("sms",)]


def test_no_command_takes_a_secret_as_an_argument():
    options = re.findall(r"(\w*(?:password|token|secret)\w*): ", "".join(
        path.read_text() for path in SOURCE.glob("*.py")
    ))  # fmt: skip
    assert set(options) == {"password_file", "token_file", "webhook_secret_file"}


def test_everything_that_the_console_says_is_there_in_both_languages():
    assert set(REASONS) == set(Reason)
    assert set(OUTCOMES) == set(Outcome)
    for table in (words.REFUSALS, REASONS, OUTCOMES):
        for english, hindi in table.values():
            assert re.search("[a-z]", english)
            assert re.search("[ऀ-ॿ]", hindi)
    raised = {
        code
        for path in SOURCE.parent.rglob("*.py")
        if path.parent.name in {"cli", "directory", "groups", "people"}
        for code in re.findall(
            r"(?:Refused|Invalid|NotFound|NotAllowed|Unavailable)\(\s*\"([a-z_.]+)",
            path.read_text(),
        )
    }
    assert raised - set(words.REFUSALS) - set(REFUSALS) == set()


async def test_a_setting_that_cannot_be_read_is_named(tmp_path):
    terminal = Terminal(environment(CHAUPAL_DATA=str(tmp_path), CHAUPAL_WEB_PORT="eighty"))
    said = await asyncio.wait_for(terminal.run("doctor"), 60)
    assert said.status == 2
    assert "CHAUPAL_WEB_PORT" in said.err
    assert "eighty" not in said.err
