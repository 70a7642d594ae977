"""WhatsApp's own Cloud API, for people who agreed to it.  docs/channels/whatsapp_cloud.md

An account's endpoint ends in the number's id, `https://graph.facebook.com/v23.0/<id>`; its webhook
secret is the app's secret, with which Meta signs.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from chaupal.arrivals.models import Arrival, Failure, StatusArrived
from chaupal.channels.contract import (
    FORGOTTEN,
    Accepted,
    Account,
    Brought,
    Connection,
    Deferred,
    Doubt,
    Message,
    Outcome,
    Picture,
    Pictures,
    Registered,
    Rejected,
    TemplatePage,
    Traits,
    Unknown,
)
from chaupal.channels.exchange import (
    ANSWER_TIMEOUT_S,
    Answered,
    End,
    InTrouble,
    Raw,
    exchange,
    form,
)
from chaupal.channels.http import AnswerLost, HttpClient, NotReached
from chaupal.channels.whatsapp_cloud import (
    errors,
    history,
    naming,
    requests,
    templates,
    webhooks,
)
from chaupal.people.models import ContactChannel

HISTORY_PAGES_LIMIT = 200
VERIFY_LABEL = b"chaupal webhook verification"
_MEDIA = re.compile(r"[A-Za-z0-9_-]{1,200}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,200}")

# A send is under way meanwhile, and its lease runs.
ABOUT_TIMEOUT_S = 5.0
TRAITS = Traits(
    name="whatsapp_cloud",
    remembers_keys_for=timedelta(0),
    # What a phone that is off may still be given, unless its template says less.
    time_to_live=timedelta(days=30),
    text_limit_characters=1024,
    proves_delivery=False,
    reaches_people_at=ContactChannel.WHATSAPP_CLOUD,
    templated=True,
    remembers_sends=True,
    pictures=Pictures.BROUGHT,
    caption_limit_characters=1024,
)


@dataclass(frozen=True, slots=True)
class WhatsAppCloud:
    """The Cloud API as a channel. It has no idempotency key, so a lost answer stays unknown."""

    answer_timeout_s: float = ANSWER_TIMEOUT_S
    history_pages_limit: int = HISTORY_PAGES_LIMIT
    traits: Traits = TRAITS

    def connect(self, http: HttpClient, account: Account) -> Connection:
        """Open a number's line."""
        endpoint = account.endpoint.rstrip("/")
        return Line(
            http,
            endpoint,
            account.token,
            verify_token(account),
            self.answer_timeout_s,
            self.history_pages_limit,
        )

    def signed(self, headers: Mapping[str, str], body: bytes, account: Account) -> bool:
        """Compare the HMAC-SHA256 of the bytes. An account without a secret has no webhook."""
        secret = account.webhook_secret.encode()
        expected = f"sha256={hmac.digest(secret, body, 'sha256').hex()}"
        given = headers.get("x-hub-signature-256", "")
        return bool(secret) and hmac.compare_digest(given.encode(), expected.encode())

    def read(self, body: bytes) -> list[Arrival]:
        """Read a batch of updates, in their order."""
        return webhooks.read(body)

    def greet(self, query: Mapping[str, str], account: Account) -> str | None:
        """Answer Meta's question whether this webhook is ours, if it knows the verify token."""
        given, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
        known = hmac.compare_digest(given.encode(), verify_token(account).encode())
        if query.get("hub.mode") != "subscribe" or not known or not account.webhook_secret:
            return None
        return challenge if _CHALLENGE.fullmatch(challenge) else None


def verify_token(account: Account) -> str:
    """Return what Meta shows when it asks whether a webhook is ours.

    It travels in an address, so it is made from the secret and never the secret itself.
    """
    return hmac.digest(account.webhook_secret.encode(), VERIFY_LABEL, "sha256").hex()[:40]


@dataclass(frozen=True, slots=True)
class Line:
    """One number's line. `endpoint` ends in the number's id."""

    http: HttpClient
    endpoint: str
    token: str
    verify: str
    timeout_s: float
    history_pages_limit: int

    async def send(self, message: Message, /) -> Outcome:
        """Post one message; its key comes back with every status."""
        end = await self._ask("POST", "/messages", requests.send(message))
        if message.picture is not None and _names_something_wrong(end):
            return await self._about(message.picture, read_reply(end))
        return read_reply(end)

    async def _about(self, picture: Picture, refused: Outcome) -> Outcome:
        """Say whether it is the picture that was refused, as it is not there any more.

        Nothing was sent. Where that cannot be found out, a few tries are worth it.
        """
        assert picture.reference is not None, "it was sent under that"
        url = requests.media(self.endpoint, picture.reference)
        end = await self._get(url, timeout_s=min(self.timeout_s, ABOUT_TIMEOUT_S))
        if _names_something_wrong(end):
            return Deferred(FORGOTTEN)
        if isinstance(end, Answered) and end.status == 200:
            return refused
        return Deferred(f"error_{errors.BAD_PARAMETER}", tries_limit=errors.FEW_TRIES)

    async def bring(self, picture: Picture, /) -> Brought | Deferred | Rejected:
        """Upload a picture under this number, which alone can send it, for 30 days."""
        fields = {"messaging_product": "whatsapp", "type": "image/jpeg"}
        end = await self._ask("POST", "/media", form(fields, "file", picture.body))
        match end:
            case Answered(200, {"id": str(id)}) if _MEDIA.fullmatch(id):
                return Brought(id)
        outcome = read_reply(end)
        if isinstance(outcome, Deferred | Rejected):
            return outcome
        return Deferred("picture_not_brought")

    async def look_up(self, doubts: Sequence[Doubt], /) -> list[StatusArrived]:
        """Read back what the number has sent until these doubts are covered, and see what fits.

        A doubt from before what could be read is left out, since there may be more that fits it.
        """
        if not doubts:
            return []
        oldest = min(doubt.since for doubt in doubts)
        seen: list[history.Sighting] = []
        after: str | None = None
        for _ in range(self.history_pages_limit):
            end = await self._get(requests.history(self.endpoint, after))
            page = history.read_page(end.body) if isinstance(end, Answered) else None
            if page is None:
                return []
            seen += page.sightings
            after = page.after
            if after is None or any(s.first_at < oldest for s in page.sightings):
                return history.fitting(seen, doubts)
        reached = min((s.first_at for s in seen), default=None)
        covered = [doubt for doubt in doubts if reached is not None and doubt.since > reached]
        return history.fitting(seen, covered)

    async def templates(
        self, business_account: str, after: str | None, /
    ) -> TemplatePage | Deferred | Rejected | Unknown:
        """Read a page of the templates of the business account that this number belongs to."""
        beside = self.endpoint.rpartition("/")[0]
        end = await self._get(requests.templates(f"{beside}/{business_account}", after))
        if isinstance(end, Answered) and end.status == 200:
            return templates.read_page(end.body) or Unknown("answer_unreadable")
        outcome = read_reply(end)
        return Unknown("answer_unreadable") if isinstance(outcome, Accepted) else outcome

    async def call_at(self, url: str, /) -> Registered | Deferred | Rejected | Unknown:
        """Have this number's updates brought to `url`, whatever its app's other numbers do."""
        body: dict[str, object] = {
            "webhook_configuration": {"override_callback_uri": url, "verify_token": self.verify}
        }
        match await self._ask("POST", "", body):
            case Answered(200, {"success": True}):
                return Registered()
            case end:
                outcome = read_reply(end)
        return Unknown("answer_unreadable") if isinstance(outcome, Accepted) else outcome

    async def _ask(self, method: str, path: str, body: dict[str, object] | Raw) -> End:
        return await exchange(
            self.http,
            method,
            f"{self.endpoint}{path}",
            body,
            token=self.token,
            timeout_s=self.timeout_s,
        )

    async def _get(self, url: str, *, timeout_s: float | None = None) -> End:
        wait_s = self.timeout_s if timeout_s is None else timeout_s
        return await exchange(self.http, "GET", url, None, token=self.token, timeout_s=wait_s)


def _names_something_wrong(end: End) -> bool:
    return (
        isinstance(end, Answered)
        and 400 <= end.status < 500
        and errors.code_in(end.body) == errors.BAD_PARAMETER
    )


def read_reply(end: End) -> Outcome:
    """Turn the end of an exchange into an outcome.

    A 5xx with an error code that we know is an answer. Any other is unknown: nothing documents
    that nothing was sent, and a second copy can't be taken back.
    """
    match end:
        case NotReached(why):
            return Deferred(why)
        case InTrouble(status, body):
            known = errors.TABLE.get(code) if (code := errors.code_in(body)) is not None else None
            return known or Unknown(f"http_{status}")
        case AnswerLost(why):
            return Unknown(why)
        case Answered(status, body):
            return read_answer(status, body)
    assert_never(end)


def read_answer(status: int, body: dict[str, object]) -> Outcome:
    """Turn the Cloud API's yes or no into an outcome. Pure, so the table of cases is the test.

    A message that Meta holds back to watch a new template's quality is accepted, as Meta says.
    """
    match status, body:
        case 200, {"messages": [{"id": str(wamid)}, *_]}:
            return Accepted(naming.reference(wamid))
        case _ if 400 <= status < 500:
            return _refusal(status, errors.code_in(body))
    return Unknown("answer_unreadable")


def _refusal(status: int, code: int | None) -> Outcome:
    """Say what a 4xx means. Meta's own words go no further: they may name numbers."""
    if code is not None and code in errors.TABLE:
        return errors.TABLE[code]
    if status == 429:
        return Deferred("throttled")
    kind = Failure.MISCONFIGURED if status in (401, 403, 404) else Failure.CONTENT
    return Rejected(kind, f"http_{status}" if code is None else f"error_{code}")
