"""E-mail, through the organisation's own mail server.  RFC 5321  docs/channels/email.md"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from chaupal.arrivals.models import Arrival, Failure
from chaupal.channels.contract import (
    Accepted,
    Account,
    Connection,
    Deferred,
    Halt,
    Message,
    Outcome,
    Pictures,
    Rejected,
    Traits,
    Unknown,
)
from chaupal.channels.email import bounces, letter
from chaupal.channels.email.server import Server
from chaupal.channels.http import HttpClient
from chaupal.people.models import ContactChannel

ANSWER_TIMEOUT_S = 30.0
IDLE_S = 10.0  # a server says goodbye after minutes; nobody waits for that

TRAITS = Traits(
    name="email",
    remembers_keys_for=timedelta(0),
    # Servers on the way go on trying for days: RFC 5321, 4.5.4.1.
    time_to_live=timedelta(days=5),
    text_limit_characters=20_000,
    proves_delivery=False,
    reaches_people_at=ContactChannel.EMAIL,
    pictures=Pictures.CARRIED,
    caption_limit_characters=20_000,
)


@dataclass(frozen=True, slots=True)
class Email:
    """E-mail as a channel, to people alone. A lost answer stays unknown: mail knows no keys."""

    answer_timeout_s: float = ANSWER_TIMEOUT_S
    traits: Traits = TRAITS

    def connect(self, http: HttpClient, account: Account) -> Connection:  # noqa: ARG002
        """Open a sender's line to its server; sessions begin with the first message."""
        return _Line(account, self.answer_timeout_s)

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:  # noqa: ARG002
        """Compare the secret that the mail server was given to hand bounces in with."""
        given = headers.get("authorization", "").encode()
        secret = account.webhook_secret.encode()
        return bool(secret) and hmac.compare_digest(given, b"Bearer " + secret)

    def read(self, body: bytes) -> list[Arrival]:
        """Read one message that came to the sender's address, as it came: a bounce or a reply."""
        arrival = bounces.read(body)
        return [] if arrival is None else [arrival]


@dataclass(slots=True)
class _Line:
    """Sessions with one server. Each carries one message at a time, and is used again."""

    account: Account = field(repr=False)
    timeout_s: float
    idle: list[tuple[SMTP, asyncio.TimerHandle]] = field(default_factory=list)

    async def send(self, message: Message, /) -> Outcome:
        """Hand one message to the server. What broke before its text was sent was not sent."""
        try:
            server = Server.of(self.account)
            written = letter.written(message, server.sender, server.name)
        except letter.Unwritable as error:
            return Rejected(Failure.NO_SUCH_ADDRESS, str(error))
        except ValueError:
            return Deferred("bad_endpoint")
        session = await self._ready(server, message.address)
        return await self._handed(session, written) if isinstance(session, SMTP) else session

    async def _ready(self, server: Server, address: str) -> SMTP | Deferred | Rejected:
        """Return a session that waits for the text, or how it ended before that."""
        try:
            return await self._envelope(server, address)
        except SMTPAuthenticationError:
            return Rejected(Failure.MISCONFIGURED, "not_authenticated", halts=Halt.SENDER)
        except SMTPResponseException as error:
            return read_refusal(error.code, error.message)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            return Deferred(type(error).__name__)

    async def _handed(self, session: SMTP, written: letter.Letter) -> Outcome:
        """Send the text. From its first byte on, only the server knows whether it was taken."""
        try:
            await session.data(written.raw)
        except SMTPResponseException as error:
            self._keep(session)
            return read_refusal(error.code, error.message)
        except (SMTPException, OSError, TimeoutError) as error:
            session.close()
            return Unknown(type(error).__name__)
        self._keep(session)
        return Accepted(written.reference)

    async def _envelope(self, server: Server, address: str) -> SMTP:
        """Return a session in which the server has taken both addresses.

        One that the server has left meanwhile is replaced, as nothing was sent in it.
        """
        while self.idle:
            session, timer = self.idle.pop()
            timer.cancel()
            try:
                return await self._addressed(session, server, address)
            except (SMTPServerDisconnected, OSError):
                continue
        session = await server.session(self.account.token, timeout_s=self.timeout_s)
        return await self._addressed(session, server, address)

    async def _addressed(self, session: SMTP, server: Server, address: str) -> SMTP:
        try:
            await session.mail(server.sender)
            await session.rcpt(address)
        except SMTPResponseException:
            await self._start_over(session)
            raise
        except BaseException:
            session.close()
            raise
        return session

    async def _start_over(self, session: SMTP) -> None:
        try:
            await session.rset()
        except (SMTPException, OSError, TimeoutError):
            session.close()
        else:
            self._keep(session)

    def _keep(self, session: SMTP) -> None:
        """Keep a session for the next message, and close it if none comes."""
        if not session.is_connected:
            return
        entry: tuple[SMTP, asyncio.TimerHandle]

        def close() -> None:
            self.idle.remove(entry)
            session.close()

        entry = session, asyncio.get_running_loop().call_later(IDLE_S, close)
        self.idle.append(entry)


def read_refusal(code: int, said: str) -> Deferred | Rejected:
    """Turn a server's no into an outcome. Its own words go no further: they may hold addresses.

    A 4xx is for now, a 5xx for good (RFC 5321, 4.2.1); the enhanced code (RFC 3463) says what of.
    """
    if code == 421:
        return Deferred("throttled")
    if 400 <= code < 500:
        return Deferred("not_now", pair_only=True)
    enhanced = said.split(maxsplit=1)[0] if said else ""
    return Rejected(bounces.failure_of(enhanced, code), f"smtp_{code}")
