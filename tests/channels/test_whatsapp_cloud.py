"""The Cloud API: what is asked of it, what its answers and webhooks mean, what it remembers."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import cloudserver
from chaupal.arrivals.models import (
    Evidence,
    Failure,
    Halt,
    MessageArrived,
    PersonSaid,
    StatusArrived,
)
from chaupal.channels.contract import (
    Accepted,
    Account,
    Button,
    Deferred,
    Doubt,
    FilledTemplate,
    Message,
    Rejected,
    Unknown,
)
from chaupal.channels.exchange import Answered, InTrouble
from chaupal.channels.http import HttpClient
from chaupal.channels.whatsapp_cloud import (
    WhatsAppCloud,
    errors,
    naming,
    read_reply,
    verify_token,
)
from chaupal.channels.whatsapp_cloud.requests import HISTORY_PAGE
from chaupal.people.models import Word
from cloudserver import APP_SECRET, SECONDS, TOKEN, CloudServer, a_cloud_server, change, webhook

CLOUD = WhatsAppCloud()
NOON = datetime.fromtimestamp(SECONDS, UTC)
MEENA, USER = "+911100000001", "IN.13491208655302741918"
WAMID = cloudserver.wamid("911100000001", 7)
REF = naming.reference(WAMID)
PLAIN = Message(MEENA, "राम राम", "42")


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient() as session:
        yield session


@pytest.fixture
async def meta() -> AsyncIterator[CloudServer]:
    async with a_cloud_server() as server:
        yield server


@pytest.fixture
def line(http, meta):
    return CLOUD.connect(http, Account(meta.endpoint, TOKEN, APP_SECRET))


async def sent(meta, line, message: Message) -> dict:
    """What a strict server took for a message of ours."""
    outcome = await line.send(message)
    [taken] = meta.taken
    assert outcome == Accepted(naming.reference(taken.id))
    return taken.body


async def test_free_text_carries_our_key_and_asks_for_no_preview(meta, line):
    assert await sent(meta, line, PLAIN) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": MEENA,
        "type": "text",
        "text": {"preview_url": False, "body": "राम राम"},
        "biz_opaque_callback_data": "chaupal/42",
    }


async def test_who_shows_no_number_is_written_to_by_their_id(meta, line):
    body = await sent(meta, line, replace(PLAIN, address=USER))
    assert body["recipient"] == USER
    assert "to" not in body


@pytest.mark.parametrize("language", ["hi", "en"])
async def test_a_template_goes_in_its_language_alone_with_its_variables_in_order(
    meta, line, language
):
    filled = FilledTemplate("mandi_closed", language, ("मंडी", "कल"))
    stop = Button(Word.STOP, "बंद करें")
    body = await sent(meta, line, replace(PLAIN, template=filled, buttons=(stop,)))
    assert body["template"] == {
        "name": "mandi_closed",
        "language": {"policy": "deterministic", "code": language},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "मंडी"}, {"type": "text", "text": "कल"}],
            },
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "0",
                "parameters": [{"type": "payload", "payload": "chaupal:stop"}],
            },
        ],
    }


async def test_a_template_without_variables_has_no_components(meta, line):
    body = await sent(meta, line, replace(PLAIN, template=FilledTemplate("hello", "hi")))
    assert "components" not in body["template"]


async def test_a_button_under_free_text_carries_its_word(meta, line):
    body = await sent(meta, line, replace(PLAIN, buttons=(Button(Word.STOP, "बंद करें"),)))
    [button] = body["interactive"]["action"]["buttons"]
    assert button["reply"] == {"id": "chaupal:stop", "title": "बंद करें"}


async def test_a_wrong_token_is_the_accounts_fault(http, meta):
    line = CLOUD.connect(http, Account(meta.endpoint, "withdrawn", APP_SECRET))
    assert await line.send(PLAIN) == Rejected(Failure.MISCONFIGURED, "error_190")


def refused(code: int, failure: Failure, halts: Halt | None = None) -> Rejected:
    return Rejected(failure, f"error_{code}", halts)


CODES = {
    4: Deferred("throttled"),
    80007: Deferred("throttled"),
    130429: Deferred("throttled"),
    131056: Deferred("too_often_for_this_person", pair_only=True),
    131000: Deferred("error_131000", tries_limit=5),
    131016: Deferred("error_131016", tries_limit=5),
    131057: Deferred("error_131057", tries_limit=5),
    131050: refused(131050, Failure.OPTED_OUT),
    131026: refused(131026, Failure.ANOTHER_CHANNEL),
    131049: refused(131049, Failure.ANOTHER_CHANNEL),
    130472: refused(130472, Failure.ANOTHER_CHANNEL),
    131047: refused(131047, Failure.NEEDS_TEMPLATE),
    132015: Deferred("template_paused", halts=Halt.CAMPAIGN),
    132016: Rejected(Failure.CONTENT, "template_disabled", halts=Halt.CAMPAIGN),
    131048: Deferred("reported_as_spam", halts=Halt.SENDER),
    368: Deferred("error_368", halts=Halt.ORGANISATION),
    131031: Deferred("error_131031", halts=Halt.ORGANISATION),
    130497: Deferred("error_130497", halts=Halt.ORGANISATION),
    132000: refused(132000, Failure.CONTENT),
    132001: refused(132001, Failure.CONTENT),
    132007: refused(132007, Failure.CONTENT),
    132008: refused(132008, Failure.CONTENT),
    132012: refused(132012, Failure.CONTENT),
    131062: refused(131062, Failure.CONTENT),
    131063: refused(131063, Failure.CONTENT),
    0: refused(0, Failure.MISCONFIGURED),
    3: refused(3, Failure.MISCONFIGURED),
    10: refused(10, Failure.MISCONFIGURED),
    190: refused(190, Failure.MISCONFIGURED),
    200: refused(200, Failure.MISCONFIGURED),
    299: refused(299, Failure.MISCONFIGURED),
    131005: refused(131005, Failure.MISCONFIGURED),
    131009: refused(131009, Failure.CONTENT),
}


@pytest.mark.parametrize(("code", "outcome"), CODES.items(), ids=CODES.keys())
@pytest.mark.parametrize("status", [400, 403])
def test_each_error_code_says_what_to_do_whatever_its_http_status(code, outcome, status):
    if status == 403 and code == 131009:
        outcome = refused(code, Failure.MISCONFIGURED)
    assert read_reply(Answered(status, cloudserver.error(code))) == outcome
    assert "9111" not in repr(outcome)


def test_a_5xx_with_a_code_is_an_answer_and_without_one_is_a_doubt():
    assert read_reply(InTrouble(500, cloudserver.error(131000))) == CODES[131000]
    assert read_reply(InTrouble(503, cloudserver.error(131016))) == CODES[131016]
    for body in ({}, cloudserver.error(2), {"error": {"code": True}}, {"error": "down"}):
        assert read_reply(InTrouble(503, body)) == Unknown("http_503")


def test_every_code_of_the_table_is_tried_here():
    assert errors.TABLE.keys() - range(201, 299) == CODES.keys() - {131009}


def message(kind: str = "text", content: object = None, **more: object) -> dict:
    told = {
        "from": MEENA[1:],
        "from_user_id": USER,
        "id": WAMID,
        "timestamp": f"{SECONDS}",
        "type": kind,
        kind: {"body": "मंडी कब खुलेगी?"} if content is None else content,
        **more,
    }
    contacts = [{"profile": {"name": "Asha"}, "wa_id": MEENA[1:], "user_id": USER}]
    return change({"contacts": contacts, "messages": [told]})


def without_number(given: dict) -> dict:
    del given["value"]["messages"][0]["from"]
    return given


def preference(value: str, **more: object) -> dict:
    told = {
        "wa_id": MEENA[1:],
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": SECONDS,
        **more,
    }
    return change({"user_preferences": [told]}, what="user_preferences")


def status(rung: str, **more: object) -> dict:
    return cloudserver.status(WAMID, rung, **more)


def halted(halts: Halt, why: str) -> StatusArrived:
    return StatusArrived(NOON, REF, None, Evidence.ACCEPTED, Failure.UNDELIVERED, halts, why)


ASKED = MessageArrived(NOON, REF, MEENA, USER, "मंडी कब खुलेगी?")
BOTH = (MEENA, USER)
WEBHOOKS = {
    "sent": (status("sent"), [StatusArrived(NOON, REF, None, Evidence.ACCEPTED)]),
    "delivered, with our key": (
        status("delivered", biz_opaque_callback_data="chaupal/42"),
        [StatusArrived(NOON, REF, "42", Evidence.DELIVERED)],
    ),
    "delivered, with another program's key": (
        status("delivered", biz_opaque_callback_data="42"),
        [StatusArrived(NOON, REF, None, Evidence.DELIVERED)],
    ),
    "read": (status("read"), [StatusArrived(NOON, REF, None, Evidence.OPENED)]),
    "played": (status("played"), [StatusArrived(NOON, REF, None, Evidence.OPENED)]),
    "deleted": (status("deleted"), []),
    "failed: not on WhatsApp": (
        status("failed", errors=[{"code": 131026, "title": "Message undeliverable"}]),
        [StatusArrived(NOON, REF, None, Evidence.ACCEPTED, Failure.ANOTHER_CHANNEL)],
    ),
    "failed: the template is paused": (
        status("failed", errors=[{"code": 132015}]),
        [halted(Halt.CAMPAIGN, "template_paused")],
    ),
    "failed: reported as spam": (
        status("failed", errors=[{"code": 131048}]),
        [halted(Halt.SENDER, "reported_as_spam")],
    ),
    "failed: no reason": (
        status("failed"),
        [StatusArrived(NOON, REF, None, Evidence.ACCEPTED, Failure.UNDELIVERED)],
    ),
    "failed: they stopped marketing": (
        status("failed", errors=[{"code": 131050}], recipient_user_id=USER),
        [
            StatusArrived(NOON, REF, None, Evidence.ACCEPTED, Failure.OPTED_OUT),
            PersonSaid(NOON, f"refused/{REF}", BOTH, Word.STOP, by_button=True),
        ],
    ),
    "a message": (message(), [ASKED]),
    "a message from somebody who shows no number": (
        without_number(message()),
        [replace(ASKED, address=USER)],
    ),
    "a picture with words": (
        message("image", {"id": "1", "caption": "देखिए"}),
        [replace(ASKED, text="देखिए")],
    ),
    "forwarded": (
        message(context={"forwarded": True}),
        [replace(ASKED, forwarded=True)],
    ),
    "forwarded many times": (
        message(context={"frequently_forwarded": True}),
        [replace(ASKED, forwarded=True, frequently_forwarded=True)],
    ),
    "in a small group": (
        message(content={"body": "stop"}, group_id="HBgLMTY"),
        [replace(ASKED, address="HBgLMTY", text="stop")],
    ),
    "a word": (
        message(content={"body": "बंद करो"}),
        [PersonSaid(NOON, REF, BOTH, Word.STOP)],
    ),
    "a template's button": (
        message("button", {"payload": "chaupal:stop", "text": "नहीं चाहिए"}),
        [PersonSaid(NOON, REF, BOTH, Word.STOP, by_button=True)],
    ),
    "a button that carries its own words": (
        message("button", {"payload": "Stop", "text": "Stop"}),
        [PersonSaid(NOON, REF, BOTH, Word.STOP, by_button=True)],
    ),
    "a button under a text": (
        message("interactive", {"type": "button_reply", "button_reply": {"id": "chaupal:start"}}),
        [PersonSaid(NOON, REF, BOTH, Word.START, by_button=True)],
    ),
    "a reaction": (message("reaction", {"emoji": "x"}), []),
    "WhatsApp's own note": (message("system", {"body": "changed"}), []),
    "no more marketing": (
        preference("stop"),
        [
            PersonSaid(
                NOON,
                "preference/" + naming.reference(f"{MEENA} stop {NOON.isoformat()}"),
                (MEENA,),
                Word.STOP,
                by_button=True,
                in_settings=True,
            )
        ],
    ),
    "marketing again": (
        preference("resume", user_id=USER),
        [
            PersonSaid(
                NOON,
                "preference/" + naming.reference(f"{MEENA} resume {NOON.isoformat()}"),
                BOTH,
                Word.START,
                by_button=True,
                in_settings=True,
            )
        ],
    ),
    "another preference": (preference("stop", category="calls"), []),
    "a template's fate": (change({"event": "APPROVED"}, what="message_template_status_update"), []),
}


@pytest.mark.parametrize(("given", "arrivals"), WEBHOOKS.values(), ids=WEBHOOKS.keys())
def test_a_webhook_becomes_arrivals(given, arrivals):
    assert CLOUD.read(webhook(given)) == arrivals


def test_a_thousand_updates_in_one_post_are_read_in_their_order_and_fit_through_the_edge():
    ids = [cloudserver.wamid("911100000001", n) for n in range(1000)]
    extra = {
        "conversation": {"id": "c" * 32, "origin": {"type": "marketing"}},
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "marketing"},
        "biz_opaque_callback_data": "chaupal/123456789012",
    }
    body = webhook(*(cloudserver.status(id, **extra) for id in ids))
    assert [a.provider_ref for a in CLOUD.read(body)] == [naming.reference(id) for id in ids]
    assert len(body) < 1 << 20


HOSTILE = [None, True, -1, 10**30, 1e300, "", "\0", "9" * 5000, [], [None], {}, {"id": {}}]


def spoilt(value: object):
    yield from HOSTILE
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            for worse in spoilt(inner):
                yield {**value, key: worse}
    if isinstance(value, list) and value:
        for worse in spoilt(value[0]):
            yield [worse, *value[1:]]


@pytest.mark.parametrize("given", [given for given, _ in WEBHOOKS.values()], ids=WEBHOOKS.keys())
def test_no_webhook_can_break_the_reader(given):
    for payload in spoilt(json.loads(webhook(given))):
        for arrival in CLOUD.read(json.dumps(payload).encode()):
            assert "\\x00" not in repr(arrival)


def test_a_wamid_holds_a_number_and_what_we_keep_of_it_does_not():
    assert naming.recipient(WAMID) == MEENA
    assert naming.recipient("wamid.HBgLMTY0NzM3Nzc3NzUVAgARGBI5QTNEQTA2RjdGMEY4RTRGAA==") == (
        "+16473777775"
    )
    for other in ("", "wamid.", "wamid.HBg", "HBgLMTY0NzM3Nzc3NzU", "wamid.HBhj", "wamid.é"):
        assert naming.recipient(other) is None
    assert MEENA[1:] not in bytes.fromhex(REF).decode("latin-1")


def doubt(address: str = MEENA, key: str = "42", *, at: int = SECONDS) -> Doubt:
    moment = datetime.fromtimestamp(at, UTC)
    return Doubt(key, address, moment - timedelta(seconds=60), moment + timedelta(seconds=60))


async def test_a_send_whose_answer_was_lost_is_found_in_the_history(meta, line):
    meta.lose(MEENA)
    assert isinstance(await line.send(PLAIN), Unknown)
    meta.lose("+911100000002", "request")
    assert isinstance(await line.send(replace(PLAIN, address="+911100000002")), Unknown)
    [taken] = meta.taken
    taken.events.append(("DELIVERED", SECONDS + 9))
    assert await line.look_up([doubt(), doubt("+911100000002", "43")]) == [
        StatusArrived(
            NOON + timedelta(seconds=9), naming.reference(taken.id), "42", Evidence.DELIVERED
        )
    ]


async def test_all_that_may_be_meant_comes_back_and_nothing_from_another_time(meta, line):
    for at in (SECONDS - 300, SECONDS, SECONDS + 5, SECONDS + 300):
        meta.now = at
        meta.take(MEENA)
    found = await line.look_up([doubt()])
    assert [status.provider_ref for status in found] == [
        naming.reference(taken.id) for taken in (meta.taken[2], meta.taken[1])
    ]


async def test_the_history_is_read_back_as_far_as_the_oldest_doubt(meta, line):
    for number in range(5 * HISTORY_PAGE):
        meta.now = SECONDS + number
        meta.take(MEENA if number in (120, 130) else "+911100000009")
    found = await line.look_up([doubt(at=SECONDS + 130)])
    assert len(found) == 2
    assert meta.pages_read == 4, "the fifth page holds nothing that is young enough"


async def test_what_the_history_cannot_tell_stays_in_doubt(http, meta, line):
    assert await line.look_up([]) == []
    meta.take(USER)
    assert await line.look_up([doubt(USER)]) == [], "no number, so nobody knows for whom it was"
    withdrawn = CLOUD.connect(http, Account(meta.endpoint, "withdrawn", APP_SECRET))
    meta.take(MEENA)
    assert await withdrawn.look_up([doubt()]) == []
    meta.taken[-1].events = [("SENT", SECONDS), ("FAILED", SECONDS + 1)]
    [failed] = await line.look_up([doubt()])
    assert failed.failure is Failure.UNDELIVERED


async def test_a_doubt_older_than_what_can_be_read_is_left_alone(http, meta):
    account = Account(meta.endpoint, TOKEN, APP_SECRET)
    line = WhatsAppCloud(history_pages_limit=1).connect(http, account)
    meta.take(MEENA)
    for number in range(HISTORY_PAGE):
        meta.now = SECONDS + 30 + number
        meta.take(MEENA if number in (0, 40) else "+911100000009")
    assert await line.look_up([doubt()]) == []
    assert len(await line.look_up([doubt(at=SECONDS + 91)])) == 1


ACCOUNT = Account("", TOKEN, APP_SECRET)


def test_a_webhook_is_ours_only_to_whoever_knows_its_token():
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": verify_token(ACCOUNT),
    }
    assert CLOUD.greet(asked, ACCOUNT) == "1158201444"
    assert APP_SECRET not in verify_token(ACCOUNT)
    for wrong in (
        {},
        {**asked, "hub.verify_token": "guess"},
        {**asked, "hub.verify_token": "é"},
        {**asked, "hub.mode": "unsubscribe"},
        {**asked, "hub.challenge": "<script>"},
        {**asked, "hub.challenge": ""},
    ):
        assert CLOUD.greet(wrong, ACCOUNT) is None
    unset = replace(ACCOUNT, webhook_secret="")
    assert CLOUD.greet({**asked, "hub.verify_token": verify_token(unset)}, unset) is None


def test_a_signature_holds_for_its_bytes_alone():
    body = webhook(message())
    signed = {name.lower(): value for name, value in cloudserver.sign(body).items()}
    assert CLOUD.signed(signed, body, ACCOUNT)
    assert not CLOUD.signed(signed, body + b" ", ACCOUNT)
