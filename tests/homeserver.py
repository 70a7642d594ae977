"""A real Matrix homeserver (matrix-synapse) for tests, and what people do with one.

Loopback only, no federation, SQLite, everything in the directory it is given. Named for what
it is and not `synapse`, which would hide the package of that name.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import aiohttp

from chaupal.engine import ports

DOMAIN = "home.invalid"
SENDER = "chaupal"
START_TIMEOUT_S = 90
WAIT_S = 30
LIFTED = {"per_second": 100_000, "burst_count": 100_000}


@dataclass(frozen=True)
class User:
    """Somebody with an account on the homeserver."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Homeserver:
    """A homeserver that runs; `bot` is the application service's own user."""

    url: str
    as_token: str
    hs_token: str
    process: subprocess.Popen[bytes]

    @property
    def bot(self) -> User:
        return User(f"@{SENDER}:{DOMAIN}", self.as_token)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    async def register(self, http: aiohttp.ClientSession, name: str) -> User:
        """Open an account for an ordinary member."""
        body = {"username": name, "password": "a long one", "auth": {"type": "m.login.dummy"}}
        account = await self.ask(http, "POST", "register", body)
        return User(account["user_id"], account["access_token"])

    async def room(self, http: aiohttp.ClientSession, name: str, members: list[User]) -> str:
        """Open a room of the bot's with these members in it, and return its id."""
        body = {
            "name": name,
            "preset": "private_chat",
            "invite": [member.id for member in members],
        }
        room = (await self.ask(http, "POST", "createRoom", body, self.bot))["room_id"]
        for member in members:
            await self.ask(http, "POST", f"join/{quote(room, safe='')}", {}, member)
        return room

    async def write(self, http: aiohttp.ClientSession, author: User, room: str, text: str) -> str:
        """Write in a room as a member does, and return the event's id."""
        path = f"rooms/{quote(room, safe='')}/send/m.room.message/{secrets.token_hex(8)}"
        body = {"msgtype": "m.text", "body": text}
        return (await self.ask(http, "PUT", path, body, author))["event_id"]

    async def timelines(self, http: aiohttp.ClientSession, reader: User) -> dict[str, list[str]]:
        """Return what a user sees: the texts of each room of theirs, oldest first."""
        wanted = {"room": {"timeline": {"limit": 1000, "types": ["m.room.message"]}}}
        path = f"sync?filter={quote(json.dumps(wanted))}"
        seen = await self.ask(http, "GET", path, None, reader)
        joined = seen.get("rooms", {}).get("join", {})
        return {
            room: [event["content"].get("body", "") for event in state["timeline"]["events"]]
            for room, state in joined.items()
        }

    async def ask(
        self,
        http: aiohttp.ClientSession,
        method: str,
        path: str,
        body: object,
        user: User | None = None,
    ) -> dict:
        """Ask the client-server API, and expect that it says yes."""
        headers = {} if user is None else {"Authorization": f"Bearer {user.token}"}
        url = f"{self.url}/_matrix/client/v3/{path}"
        async with http.request(method, url, json=body, headers=headers) as answer:
            said = await answer.json()
            assert answer.status == 200, (path.split("/", maxsplit=1)[0], answer.status, said)
            return said


def start(directory: Path, appservice_url: str) -> Homeserver:
    """Start a homeserver that pushes its events to `appservice_url`; stop it with `.stop()`."""
    directory.mkdir(parents=True, exist_ok=True)
    port, as_token, hs_token = ports.free(), secrets.token_hex(16), secrets.token_hex(16)
    config = directory / "homeserver.json"
    config.write_text(json.dumps(_config(directory, port, as_token, hs_token, appservice_url)))
    log = (directory / "synapse.out").open("wb")
    with log:
        process = subprocess.Popen(
            [sys.executable, "-m", "synapse.app.homeserver", "-c", str(config)],
            cwd=directory,
            stdout=log,
            stderr=log,
        )
    home = Homeserver(f"http://127.0.0.1:{port}", as_token, hs_token, process)
    try:
        _await_health(home)
        _register_bot(home)
    except BaseException:
        home.stop()
        print((directory / "synapse.out").read_text()[-4000:], file=sys.stderr)
        raise
    return home


def _config(
    directory: Path, port: int, as_token: str, hs_token: str, appservice_url: str
) -> dict[str, object]:
    """Write the files that a homeserver wants beside its configuration, and return that."""
    registration = {
        "id": "chaupal",
        "url": appservice_url,
        "as_token": as_token,
        "hs_token": hs_token,
        "sender_localpart": SENDER,
        "rate_limited": False,
        "namespaces": {
            "users": [{"exclusive": True, "regex": f"@{SENDER}.*:{DOMAIN}"}],
            "rooms": [{"exclusive": False, "regex": "!.*"}],
            "aliases": [],
        },
    }
    (directory / "chaupal.yaml").write_text(json.dumps(registration))
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    (directory / "signing.key").write_text(f"ed25519 a_test {seed}\n")
    logging = {
        "version": 1,
        "handlers": {"err": {"class": "logging.StreamHandler"}},
        "root": {"level": "WARNING", "handlers": ["err"]},
    }
    (directory / "log.yaml").write_text(json.dumps(logging))
    return {
        "server_name": DOMAIN,
        "report_stats": False,
        "pid_file": str(directory / "pid"),
        "signing_key_path": str(directory / "signing.key"),
        "log_config": str(directory / "log.yaml"),
        "media_store_path": str(directory / "media"),
        "database": {"name": "sqlite3", "args": {"database": str(directory / "home.db")}},
        "listeners": [
            {
                "port": port,
                "type": "http",
                "tls": False,
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }
        ],
        "app_service_config_files": [str(directory / "chaupal.yaml")],
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "bcrypt_rounds": 4,
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "presence": {"enabled": False},
        "caches": {"sync_response_cache_duration": "0s"},  # a second look sees what came since
        "rc_message": LIFTED,
        "rc_registration": LIFTED,
        "rc_login": {"address": LIFTED, "account": LIFTED, "failed_attempts": LIFTED},
        "rc_joins": {"local": LIFTED, "remote": LIFTED},
        "rc_joins_per_room": LIFTED,
        "rc_invites": {"per_room": LIFTED, "per_user": LIFTED, "per_issuer": LIFTED},
        "rc_room_creation": LIFTED,
    }


def _await_health(home: Homeserver) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert home.process.poll() is None, "the homeserver ended before it began"
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{home.url}/health", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("the homeserver did not start")


def _register_bot(home: Homeserver) -> None:
    """Open the application service's own account, unless the homeserver did so by itself."""
    request = urllib.request.Request(
        f"{home.url}/_matrix/client/v3/register",
        json.dumps({"type": "m.login.application_service", "username": SENDER}).encode(),
        {"Authorization": f"Bearer {home.as_token}", "Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except urllib.error.HTTPError as refused:
        with refused:
            assert json.load(refused)["errcode"] == "M_USER_IN_USE"


@dataclass(frozen=True)
class Transaction:
    """What the homeserver pushed: header names in lower case, and the raw body."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """An application service's ear. It lives in a thread, so that it outlives one test's loop."""

    def __init__(self) -> None:
        self.received: list[Transaction] = []
        self._news = threading.Condition()
        receiver = self

        class Take(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with receiver._news:
                    receiver.received.append(Transaction(headers, body))
                    receiver._news.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    async def find(self, wanted: bytes) -> Transaction:
        """Return the transaction that has these bytes in it, when it has come."""
        return await asyncio.to_thread(self._find, wanted)

    def _find(self, wanted: bytes) -> Transaction:
        def found() -> Transaction | None:
            return next((t for t in self.received if wanted in t.body), None)

        with self._news:
            transaction = self._news.wait_for(found, WAIT_S)
        assert transaction is not None, "the homeserver did not push it"
        return transaction

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
