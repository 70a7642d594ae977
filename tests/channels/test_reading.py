"""What each provider's bytes mean: tables of answers and of webhooks, as their pages show them."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.arrivals.models import (
    Evidence,
    Failure,
    GroupPulse,
    Halt,
    MessageArrived,
    StatusArrived,
)
from chaupal.channels import matrix, sandbox, telegram
from chaupal.channels.contract import Accepted, Account, Deferred, Rejected
from chaupal.channels.exchange import Answered
from chaupal.channels.registry import CHANNELS

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
SECONDS = int(NOON.timestamp())
ACCOUNT = Account(endpoint="", token="t", webhook_secret="रहस्य")


def said(status: int, **body: object) -> Answered:
    return Answered(status, body)


ANSWERS = {
    "sandbox: no such chat": (
        sandbox.read_reply(said(400, description="chat not found")),
        Rejected(Failure.NO_SUCH_ADDRESS, "chat_not_found"),
    ),
    "sandbox: bot not in chat": (
        sandbox.read_reply(said(403, description="bot is not in the chat")),
        Rejected(Failure.BLOCKED, "http_403"),
    ),
    "sandbox: stopped until somebody looks": (
        sandbox.read_reply(said(423, parameters={"halt": "campaign"})),
        Deferred("template_paused", halts=Halt.CAMPAIGN),
    ),
    "sandbox: stopped in no way we know": (
        sandbox.read_reply(said(423, parameters={"halt": ["all"]})),
        Rejected(Failure.CONTENT, "http_423"),
    ),
    "sandbox: too often for this one": (
        sandbox.read_reply(said(429, parameters={"pair": True, "retry_after": 6})),
        Deferred("too_often_for_this_person", timedelta(seconds=6), pair_only=True),
    ),
    "sandbox: of no use after three tries": (
        sandbox.read_reply(said(409, parameters={"tries": 3})),
        Deferred("try_again", tries_limit=3),
    ),
    "sandbox: tries without end": (
        sandbox.read_reply(said(409, parameters={"tries": 10**9})),
        Rejected(Failure.CONTENT, "http_409"),
    ),
    "sandbox: bad token": (
        sandbox.read_reply(said(401)),
        Rejected(Failure.MISCONFIGURED, "http_401"),
    ),
    "telegram: accepted": (
        telegram.read_reply(said(200, ok=True, result={"message_id": 7})),
        Accepted("7"),
    ),
    "telegram: a wait beyond reason": (
        telegram.read_reply(said(429, parameters={"retry_after": 10**12})),
        Deferred("throttled", timedelta(days=1)),
    ),
    "telegram: blocked": (
        telegram.read_reply(said(403, description="Forbidden: bot was blocked by the user")),
        Rejected(Failure.BLOCKED, "http_403"),
    ),
    "telegram: chat not found": (
        telegram.read_reply(said(400, description="Bad Request: chat not found")),
        Rejected(Failure.NO_SUCH_ADDRESS, "chat_not_found"),
    ),
    "telegram: became a supergroup": (
        telegram.read_reply(
            said(
                400,
                description="Bad Request: group chat was upgraded to a supergroup chat",
                parameters={"migrate_to_chat_id": -1001},
            )
        ),
        Deferred("moved_to_supergroup", moved_to="-1001"),
    ),
    "telegram: silenced in the group": (
        telegram.read_reply(
            said(400, description="Bad Request: not enough rights to send text messages")
        ),
        Rejected(Failure.BLOCKED, "no_right_to_write"),
    ),
    "telegram: text too long": (
        telegram.read_reply(said(400, description="Bad Request: message is too long")),
        Rejected(Failure.CONTENT, "http_400"),
    ),
    "telegram: token withdrawn": (
        telegram.read_reply(said(401, description="Unauthorized")),
        Rejected(Failure.MISCONFIGURED, "http_401"),
    ),
    "matrix: accepted": (matrix.read_reply(said(200, event_id="$a")), Accepted("$a")),
    "matrix: not in the room": (
        matrix.read_reply(said(403, errcode="M_FORBIDDEN")),
        Rejected(Failure.BLOCKED, "m_forbidden"),
    ),
    "matrix: token withdrawn": (
        matrix.read_reply(said(401, errcode="M_UNKNOWN_TOKEN")),
        Rejected(Failure.MISCONFIGURED, "m_unknown_token"),
    ),
    "matrix: no such room": (
        matrix.read_reply(said(404, errcode="M_NOT_FOUND")),
        Rejected(Failure.NO_SUCH_ADDRESS, "m_not_found"),
    ),
    "matrix: a code of its own": (
        matrix.read_reply(said(400, errcode="ORG.SECRET_5551234")),
        Rejected(Failure.CONTENT, "http_400"),
    ),
}


@pytest.mark.parametrize(("outcome", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_becomes_an_outcome(outcome, expected):
    assert outcome == expected


def tg(id: int = 5, **update: object) -> bytes:
    return json.dumps({"update_id": id, **update}).encode()


def post(**more: object) -> dict[str, object]:
    chat = {"id": -77, "type": "group", "title": "Booth 12"}
    sender = {"id": 42, "is_bot": False, "first_name": "Invented"}
    return {"message_id": 9, "date": SECONDS, "chat": chat, "from": sender, **more}


def mx(**event: object) -> bytes:
    common = {
        "type": "m.room.message",
        "event_id": "$e",
        "room_id": "!r:home",
        "sender": "@meena:home",
        "origin_server_ts": SECONDS * 1000,
    }
    return json.dumps({"events": [{**common, **event}]}).encode()


def sb(**update: object) -> bytes:
    return json.dumps(
        {"updates": [{"update_id": 5, "at": "2026-11-23T12:00:00+05:30", **update}]}
    ).encode()


WROTE = MessageArrived(at=NOON, event_id="5", address="-77", author="42", text="राम राम")
WEBHOOKS = {
    "sandbox: delivered": (
        ("sandbox", sb(type="status", message_id=3, key="k", status="delivered")),
        StatusArrived(at=NOON, provider_ref="3", key="k", evidence=Evidence.DELIVERED),
    ),
    "sandbox: read": (
        ("sandbox", sb(type="status", message_id=3, status="read")),
        StatusArrived(at=NOON, provider_ref="3", key=None, evidence=Evidence.OPENED),
    ),
    "sandbox: failed": (
        ("sandbox", sb(type="status", message_id=3, key="k", status="failed")),
        StatusArrived(
            at=NOON,
            provider_ref="3",
            key="k",
            evidence=Evidence.ACCEPTED,
            failure=Failure.EXPIRED,
        ),
    ),
    "sandbox: message": (
        ("sandbox", sb(type="message", chat_id="g1", **{"from": "p:1"}, text="a\0b")),
        MessageArrived(at=NOON, event_id="5", address="g1", author="p:1", text="ab"),
    ),
    "sandbox: pulse": (
        ("sandbox", sb(type="pulse", chat_id="g1", members=180)),
        GroupPulse(at=NOON, event_id="5", address="g1", size=180),
    ),
    "sandbox: impossible pulse": (
        ("sandbox", sb(type="pulse", chat_id="g1", members=-1)),
        GroupPulse(at=NOON, event_id="5", address="g1", size=None),
    ),
    "sandbox: unknown status": (
        ("sandbox", sb(type="status", message_id=3, key="k", status="pondered")),
        None,
    ),
    "sandbox: no such time": (
        ("sandbox", sb(at="23/11/2026", type="pulse", chat_id="g1", members=1)),
        None,
    ),
    "telegram: message": (("telegram", tg(message=post(text="राम राम"))), WROTE),
    "telegram: forwarded picture": (
        (
            "telegram",
            tg(message=post(photo=[{}], caption="राम राम", forward_origin={"type": "user"})),
        ),
        MessageArrived(
            at=NOON, event_id="5", address="-77", author="42", text="राम राम", forwarded=True
        ),
    ),
    "telegram: voice without words": (
        ("telegram", tg(message=post(voice={"duration": 3}))),
        MessageArrived(at=NOON, event_id="5", address="-77", author="42", text=""),
    ),
    "telegram: channel post": (
        (
            "telegram",
            tg(channel_post={**post(text="राम राम", sender_chat={"id": -77}), "from": None}),
        ),
        MessageArrived(at=NOON, event_id="5", address="-77", author="-77", text="राम राम"),
    ),
    "telegram: group became a supergroup": (
        ("telegram", tg(message=post(migrate_to_chat_id=-1009))),
        GroupPulse(at=NOON, event_id="5", address="-77", moved_to="-1009"),
    ),
    "telegram: bot's own place changed": (
        ("telegram", tg(my_chat_member=post(new_chat_member={"status": "administrator"}))),
        GroupPulse(at=NOON, event_id="5", address="-77"),
    ),
    "telegram: somebody joined": (("telegram", tg(message=post(new_chat_members=[{}]))), None),
    "telegram: edit": (("telegram", tg(edited_message=post(text="x"))), None),
    "telegram: time beyond time": (("telegram", tg(message=post(text="x", date=10**30))), None),
    "matrix: message": (
        ("matrix", mx(content={"msgtype": "m.text", "body": "राम राम"})),
        MessageArrived(
            at=NOON, event_id="$e", address="!r:home", author="@meena:home", text="राम राम"
        ),
    ),
    "matrix: our own, come back": (
        ("matrix", mx(sender="@chaupal:home", content={"body": "x", "chaupal.key": "k"})),
        StatusArrived(at=NOON, provider_ref="$e", key="k", evidence=Evidence.DELIVERED),
    ),
    "matrix: a member who pretends to be us": (
        ("matrix", mx(content={"body": "x", "chaupal.key": "k"})),
        MessageArrived(at=NOON, event_id="$e", address="!r:home", author="@meena:home", text="x"),
    ),
    "matrix: membership": (("matrix", mx(type="m.room.member", content={"body": "x"})), None),
    "matrix: redacted": (("matrix", mx(content={})), None),
}


@pytest.mark.parametrize(("webhook", "arrival"), WEBHOOKS.values(), ids=WEBHOOKS.keys())
def test_a_webhook_becomes_an_arrival(webhook, arrival):
    name, body = webhook
    assert CHANNELS[name].read(body) == ([] if arrival is None else [arrival])


def test_a_batch_keeps_its_order_and_leaves_out_what_it_does_not_know():
    updates = [
        {"update_id": n, "at": NOON.isoformat(), "type": kind, "chat_id": "g", "members": n}
        for n, kind in enumerate(["pulse", "riddle", "pulse"])
    ]
    batch = json.dumps({"updates": [7, *updates, None]}).encode()
    assert [arrival.size for arrival in CHANNELS["sandbox"].read(batch)] == [0, 2]


HOSTILE = [None, True, -1, 10**30, 1e300, "", "\0", "9" * 5000, [], [None], {}, {"id": {}}]


def spoilt(value: object) -> Iterator[object]:
    """Yield a payload again and again, each time with something else in it spoilt."""
    yield from HOSTILE
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            for worse in spoilt(inner):
                yield {**value, key: worse}
    if isinstance(value, list) and value:
        for worse in spoilt(value[0]):
            yield [worse, *value[1:]]


@pytest.mark.parametrize("webhook", [w for w, _ in WEBHOOKS.values()], ids=WEBHOOKS.keys())
def test_no_webhook_can_break_the_reader(webhook):
    name, body = webhook
    for payload in spoilt(json.loads(body)):
        for arrival in CHANNELS[name].read(json.dumps(payload).encode()):
            assert "\0" not in repr(arrival)
            assert "\\x00" not in repr(arrival)


@pytest.mark.parametrize("name", sorted(CHANNELS))
@given(body=st.binary())
def test_no_bytes_can_break_the_reader(name, body):
    assert CHANNELS[name].read(body) == []


def headers_of(name: str, body: bytes) -> dict[str, str]:
    secret = ACCOUNT.webhook_secret
    return {
        "sandbox": {
            "x-sandbox-signature": "sha256="
            + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        },
        "telegram": {"x-telegram-bot-api-secret-token": secret},
        "matrix": {"authorization": f"Bearer {secret}"},
        "email": {"authorization": f"Bearer {secret}"},
        "whatsapp_cloud": {
            "x-hub-signature-256": "sha256="
            + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        },
    }[name]


@pytest.mark.parametrize("name", sorted(CHANNELS.keys() - {"sms"}))  # it has no webhook
def test_the_providers_own_webhook_is_recognised(name):
    assert CHANNELS[name].signed(headers_of(name, b"{}"), b"{}", ACCOUNT)


def test_a_sandbox_signature_holds_for_its_bytes_alone():
    assert not CHANNELS["sandbox"].signed(headers_of("sandbox", b"{}"), b"{ }", ACCOUNT)
