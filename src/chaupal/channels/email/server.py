"""The server that an account names, and a session with it that nobody on the way can read."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPException

from chaupal.channels.contract import Account

PORTS = {"smtp": 587, "smtps": 465}
CONNECT_TIMEOUT_S = 10.0


class InTheClear(SMTPException):
    """The server offers no TLS, and is on another machine."""


@dataclass(frozen=True, slots=True)
class Server:
    """`smtp[s]://host[:port]/news@example.org[?name=...]`: where, and whom our mail is from."""

    host: str
    port: int
    is_tls_at_once: bool
    sender: str
    name: str

    @classmethod
    def of(cls, account: Account) -> "Server":
        """Read an account's endpoint; one that names no server and no sender is a ValueError."""
        parts = urlsplit(account.endpoint)
        sender = unquote(parts.path).strip("/")
        if parts.scheme not in PORTS or not parts.hostname or "@" not in sender:
            raise ValueError("not smtp[s]://host[:port]/sender@domain")
        return cls(
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            is_tls_at_once=parts.scheme == "smtps",
            sender=sender,
            name=parse_qs(parts.query).get("name", [""])[0],
        )

    async def session(self, token: str, *, timeout_s: float) -> SMTP:
        """Open a session and sign in with `token` ("user:password", or empty for nobody).

        What is said is encrypted, by TLS from the start or by STARTTLS, unless the server is on
        this very machine; a server elsewhere that offers neither gets nothing.
        """
        session = SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.is_tls_at_once,
            start_tls=False,
            timeout=CONNECT_TIMEOUT_S,
        )
        await session.connect()
        try:
            await session.ehlo()
            if not self.is_tls_at_once:
                await self._hide(session)
            if token:
                user, _, password = token.partition(":")
                await session.login(user, password)
        except BaseException:
            session.close()
            raise
        session.timeout = timeout_s
        return session

    async def _hide(self, session: SMTP) -> None:
        if session.supports_extension("starttls"):
            await session.starttls()
        elif not self._is_here():
            raise InTheClear("no STARTTLS")

    def _is_here(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
