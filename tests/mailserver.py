"""A real SMTP server (aiosmtpd) on loopback that refuses, delays and cuts as it is told."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

SIGN_IN = "news:geheim-98765"


@dataclass
class Mailbox:
    """What the server took, and how it answers."""

    port: int = 0
    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    sessions: int = 0
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: str = "250 2.0.0 taken"
    cuts_after_data: bool = False
    transports: list[asyncio.BaseTransport] = field(default_factory=list)

    def endpoint(self, host: str = "127.0.0.1") -> str:
        return f"smtp://{host}:{self.port}/news@sangh.example?name=%E0%A4%B8%E0%A4%82%E0%A4%98"

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for _, _, raw in self.taken]

    def leave(self) -> None:
        """Hang up on everybody, as a server does that waited too long."""
        for transport in self.transports:
            transport.close()

    async def handle_RCPT(  # noqa: N802  (the server's name for it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.at_rcpt.get(address, "250 2.1.5 fine")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.cuts_after_data:
            self.leave()
            return "250 2.0.0 nobody hears this"
        if self.at_data.startswith("250"):
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.at_data


@asynccontextmanager
async def a_mail_server(
    *, signs_in: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Mailbox]:
    box = Mailbox()

    def sign_in(server, session, envelope, mechanism, data) -> AuthResult:
        user, _, password = SIGN_IN.partition(":")
        given = (data.login, data.password)
        return AuthResult(success=given == (user.encode(), password.encode()), handled=False)

    class Counted(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            box.sessions += 1
            box.transports.append(transport)
            super().connection_made(transport)

    def speaking() -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # it warns of signing in in the clear
            return Counted(
                box,
                hostname="mx.example",
                authenticator=sign_in if signs_in else None,
                auth_require_tls=False,
                auth_required=signs_in,
                tls_context=tls,
                loop=asyncio.get_running_loop(),
            )

    server = await asyncio.get_running_loop().create_server(speaking, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        box.leave()
        await server.wait_closed()
