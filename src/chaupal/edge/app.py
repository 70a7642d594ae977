"""The edge itself: bare ASGI. What it answers 200 is in the log, on disk."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl
from uuid import UUID

from chaupal.arrivals.inlet import Inlet
from chaupal.arrivals.log import Handed
from chaupal.channels.contract import Greeting
from chaupal.edge import page
from chaupal.edge.http import (
    Answer,
    Left,
    Message,
    Receive,
    Send,
    answer,
    in_html,
    in_json,
    read_body,
)
from chaupal.edge.senders import Senders
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import NotFound, NotSignedIn, Refused, TooLarge, Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.relay import actions, links
from chaupal.relay.visitors import is_person

PATH_LIMIT_CHARACTERS = 1024
QUERY_LIMIT_BYTES = 2048
HEADERS_LIMIT_BYTES = 16_384
COUNTED_EVERY_S = 60.0
HEALTH_LIMIT_S = 2.0
PAGE_LIMIT_S = 3.0
LARGEST_ORGANISATION = 65_535

# A machine reads the code, whoever runs it reads the sentence.
SENTENCES: Mapping[str, str] = {
    "webhook.unknown_sender": "No sender of ours has this webhook address. Nothing was kept.",
    "webhook.bad_signature": "Not signed with this sender's secret. Nothing was kept.",
    "webhook.not_greeted": "Not the question with which this sender's provider begins.",
    "webhook.too_large": "More bytes than we take in one request. Nothing was kept.",
    "request.too_slow": "The body did not come in time. Nothing was kept.",
    "engine.database_away": "The database does not answer. Nothing was kept: send it again.",
    "engine.arrivals_away": "The arrivals log does not answer. Send it again.",
}

logger = log.logger(__name__)


class Edge:
    """The ASGI application, for one runtime."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._senders = Senders(rt, lambda: asyncio.get_running_loop().time())
        self._inlet = Inlet(rt.nats)
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request. Anything but HTTP is turned away by its server."""
        if scope["type"] != "http":
            raise ValueError(f"the edge speaks no {scope['type']}")
        method: str = scope["method"]
        try:
            given = await self._answer(scope, method, receive)
        except Left:
            self._counts["left"] += 1
            return
        except Exception as error:  # noqa: BLE001  (the door of the house: nothing passes)
            # The traceback may hold what came in, so only its kind is told.
            logger.error("edge.broken", kind=type(error).__name__)  # noqa: TRY400
            given = in_json(500, {"code": "edge.broken"}, closing=True)
        self._counts[f"answered_{given.status}"] += 1
        await answer(send, given, without_body=method == "HEAD")

    async def count(self, stop: asyncio.Event) -> None:
        """Log how many requests ended how, once a minute and at the end."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), COUNTED_EVERY_S)
            if self._counts:
                logger.info("edge.counted", **self._counts)
                self._counts.clear()

    async def _answer(  # noqa: PLR0911  (a door each)
        self, scope: Message, method: str, receive: Receive
    ) -> Answer:
        path: str = scope["path"]
        if len(path) > PATH_LIMIT_CHARACTERS or len(scope["query_string"]) > QUERY_LIMIT_BYTES:
            return in_json(414, {"code": "request.address_too_long"}, closing=True)
        raw = scope["headers"]
        if sum(len(name) + len(value) for name, value in raw) > HEADERS_LIMIT_BYTES:
            return in_json(431, {"code": "request.headers_too_large"}, closing=True)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
        match path.split("/"):
            case ["", "in", organisation, sender] if method == "GET" and scope["query_string"]:
                return await self._greeting(_ids(organisation, sender), scope["query_string"])
            case ["", "in", organisation, sender, *_]:
                return await self._webhook(organisation, sender, method, headers, receive)
            case ["", "g", code]:
                return await self._link(code, method, headers)
            case ["", "healthz"]:
                return await self._health(method)
        return in_html(404, page.both(page.NOT_FOUND))

    async def _webhook(
        self,
        organisation: str,
        sender: str,
        method: str,
        headers: Mapping[str, str],
        receive: Receive,
    ) -> Answer:
        if method not in ("POST", "PUT"):
            refused = in_json(405, {"code": "request.method"}, closing=True)
            return Answer(405, refused.body, allow=b"POST, PUT", closing=True)
        try:
            await self._take_in(_ids(organisation, sender), headers, receive)
        except Refused as refusal:
            return in_json(
                refusal.status,
                _coded(refusal.code),
                closing=isinstance(refusal, TooLarge) or refusal.status in (404, 408),
            )
        return Answer(200, b"{}")

    async def _greeting(self, ids: tuple[OrganisationId, UUID] | None, query: bytes) -> Answer:
        """Answer a provider that asks whether this webhook is ours, before it uses it."""
        try:
            known = await self._senders.find(*ids) if ids else None
        except Unavailable as refusal:
            return in_json(503, _coded(refusal.code))
        if known is None:
            return in_json(404, _coded("webhook.unknown_sender"))
        asked = dict(parse_qsl(query.decode("latin-1")))
        channel = known.channel
        said = channel.greet(asked, known.account) if isinstance(channel, Greeting) else None
        if said is None:
            return in_json(403, _coded("webhook.not_greeted"))
        return Answer(200, said.encode(), kind=b"text/plain; charset=utf-8")

    async def _take_in(
        self,
        ids: tuple[OrganisationId, UUID] | None,
        headers: Mapping[str, str],
        receive: Receive,
    ) -> None:
        """Keep one webhook's bytes, as they came, if its sender's provider wrote them."""
        received_at = self._rt.now()
        known = await self._senders.find(*ids) if ids else None
        if ids is None or known is None:
            raise NotFound("webhook.unknown_sender")
        body = await read_body(receive, headers)
        if not known.channel.signed(headers, body, known.account):
            raise NotSignedIn("webhook.bad_signature")
        await self._inlet.put(
            Handed(ids[0], known.id.hex, known.channel.traits.name, received_at, body)
        )

    async def _link(self, code: str, method: str, headers: Mapping[str, str]) -> Answer:
        if method not in ("GET", "HEAD"):
            return Answer(
                405,
                page.both(page.REFUSED),
                kind=b"text/html; charset=utf-8",
                allow=b"GET, HEAD",
                closing=True,
            )
        rt = self._rt
        try:
            organisation, delivery = links.read_group_code(rt.sealer, code)
            if is_person(method, headers):
                await actions.clicked(rt, organisation, delivery)
                self._counts["clicked"] += 1
        except NotFound:
            return in_html(404, page.both(page.NOT_FOUND))
        except Unavailable:
            return in_html(503, page.both(page.AWAY))
        try:
            async with asyncio.timeout(PAGE_LIMIT_S):
                shown = await actions.link_page(rt, organisation, delivery)
            return in_html(200, page.message(shown))
        except NotFound:
            return in_html(404, page.both(page.NOT_FOUND))
        except (TimeoutError, Unavailable):
            return in_html(200, page.both(page.ARRIVED))

    async def _health(self, method: str) -> Answer:
        if method not in ("GET", "HEAD"):
            return Answer(405, b"{}", allow=b"GET, HEAD", closing=True)
        health = {"arrivals_log": self._rt.nats.is_connected, "database": await self._database()}
        return in_json(200 if all(health.values()) else 503, health)

    async def _database(self) -> bool:
        try:
            async with asyncio.timeout(HEALTH_LIMIT_S), db.installation(self._rt.pool):
                return True
        except (TimeoutError, Unavailable):
            return False


def _coded(code: str) -> dict[str, object]:
    return {"code": code, "message": SENTENCES.get(code, "")}


def _ids(organisation: str, sender: str) -> tuple[OrganisationId, UUID] | None:
    """Return whose webhook an address names, or None where it can be nobody's."""
    if not (organisation.isascii() and organisation.isdigit() and len(organisation) <= 5):
        return None
    number = int(organisation)
    if not 1 <= number <= LARGEST_ORGANISATION:
        return None
    try:
        return OrganisationId(number), UUID(sender)
    except ValueError:
        return None
