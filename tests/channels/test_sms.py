"""SMS against a real service centre: four ends, the ledger's fields, what comes over the bind."""

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from certificates import self_signed
from chaupal.arrivals.models import Evidence, Failure, MessageArrived, PersonSaid, StatusArrived
from chaupal.channels.contract import (
    Accepted,
    Account,
    Deferred,
    Halt,
    Listening,
    Message,
    Outcome,
    Rejected,
    Unknown,
    Vetted,
)
from chaupal.channels.sms import LIVES, Sms, verdicts
from chaupal.kit.refusals import Unavailable
from chaupal.people.models import Word
from smscentre import ENTITY, REGISTERED, SIGN_IN, TELEMARKETER, TEMPLATE, Centre, a_centre

ASHA = "+911100000001"
TEXT = "मंडी कल सुबह सात बजे खुलेगी।"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
async def centre():
    async with a_centre() as centre:
        yield centre


def line(centre: Centre, *, token: str = SIGN_IN, timeout_s: float = 20, more: str = "", **manner):
    account = Account(endpoint=centre.endpoint(more=more), token=token, webhook_secret="")
    manner = {"first_wait_s": 0.05, "answer_timeout_s": timeout_s, **manner}
    return Sms(**manner).connect(None, account)


def sms(address: str = ASHA, *, key: str = "42", text: str = TEXT, template=REGISTERED) -> Message:
    return Message(address, text, key, template=template)


def discreet(outcome: Outcome) -> Outcome:
    """What is told of an outcome holds no secret, address or text."""
    for secret in ("geheim", "1100000001", "मंडी", "127.0.0.1"):
        assert secret not in repr(outcome)
    return outcome


class Log:
    """What was kept, and when it will not keep anything."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.away = False
        self.news = asyncio.Event()

    async def keep(self, body: bytes) -> None:
        if self.away:
            raise Unavailable("engine.arrivals_away", kind="test")
        self.kept.append(body)
        self.news.set()

    async def until(self, count: int) -> list:
        async with asyncio.timeout(30):
            while len(self.kept) < count:
                self.news.clear()
                await self.news.wait()
        return [arrival for body in self.kept for arrival in Sms().read(body)]


@contextlib.asynccontextmanager
async def listening(open_line, log: Log):
    assert isinstance(open_line, Listening)
    task = asyncio.create_task(open_line.listen(log.keep, lambda: NOON))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def bound(centre: Centre, kind: str = "bind_transceiver") -> None:
    await centre.until(lambda: any(one["kind"] == kind for one in centre.of("bound")))


async def test_a_message_carries_what_the_ledger_asks_for(centre):
    assert discreet(await line(centre).send(sms())) == Accepted("m-1")

    [got] = centre.of("submitted")
    assert (got["from"], got["to"], got["text"]) == ("CHAUPL", "911100000001", TEXT)
    assert (got["entity"], got["template"], got["telemarketer"]) == (ENTITY, TEMPLATE, TELEMARKETER)
    assert (got["coding"], got["source_ton"], got["dest_ton"], got["registered"]) == (8, 5, 1, 1)
    assert abs(got["lives_s"] - LIVES.total_seconds()) < 3600
    assert not got["payload"]
    [bind] = centre.of("bound")
    assert (bind["kind"], bind["version"], bind["system_id"]) == (
        "bind_transmitter",
        0x34,
        "chaupal",
    )


async def test_plain_english_goes_in_the_small_alphabet_and_its_letters_arrive(centre):
    text = "Mandi @ 7 am: [gate 2] {new} ~ pay €5 & come, Asha_ji!"
    assert isinstance(await line(centre).send(sms(text=text)), Accepted)
    [got] = centre.of("submitted")
    assert (got["coding"], got["text"]) == (0, text)


async def test_a_long_text_is_one_message_with_one_answer(centre):
    text = "मंडी कल सुबह सात बजे खुलेगी। " * 10
    assert isinstance(await line(centre).send(sms(text=text)), Accepted)
    [got] = centre.of("submitted")
    assert (got["payload"], got["text"]) == (True, text)


async def test_the_header_has_its_letter_where_the_operator_wants_it(centre):
    assert isinstance(await line(centre, more="&suffix=sent").send(sms()), Accepted)
    assert centre.of("submitted")[0]["from"] == "CHAUPL-S"


async def test_many_go_side_by_side_over_one_bind_and_each_has_its_own_answer(centre):
    open_line = line(centre)
    texts = [f"{TEXT} {number}" for number in range(50)]
    outcomes = await asyncio.gather(*(open_line.send(sms(text=text)) for text in texts))

    names = {got["text"]: got["id"] for got in centre.of("submitted")}
    assert outcomes == [Accepted(names[text]) for text in texts]
    assert len(centre.of("bound")) == 1


async def test_no_more_than_the_window_waits_for_an_answer(centre):
    await centre.do("behave", silent=True)
    open_line = line(centre, timeout_s=1)
    outcomes = await asyncio.gather(*(open_line.send(sms()) for _ in range(15)))
    assert outcomes.count(Unknown("TimeoutError")) == len(centre.of("submitted")) == 10
    assert outcomes.count(Deferred("not_bound")) == 5  # never written, so safe to try again


SECOND = timedelta(seconds=1)
ENDS = {
    0x58: Deferred("throttled", SECOND),
    0x14: Deferred("throttled", SECOND),
    0x08: Deferred("not_now"),
    0x64: Deferred("not_now"),
    0x04: Deferred("not_bound"),
    0x0B: Rejected(Failure.NO_SUCH_ADDRESS, "smpp_11"),
    0x01: Rejected(Failure.CONTENT, "smpp_1"),
    0x0A: Rejected(Failure.MISCONFIGURED, "smpp_10", halts=Halt.SENDER),
    0x45: Rejected(Failure.UNDELIVERED, "smpp_69"),
    600: Rejected(Failure.MISCONFIGURED, "dlt_600", halts=Halt.SENDER),
    613: Rejected(Failure.MISCONFIGURED, "dlt_613", halts=Halt.SENDER),
    620: Rejected(Failure.MISCONFIGURED, "dlt_620", halts=Halt.SENDER),
    630: Rejected(Failure.MISCONFIGURED, "dlt_630", halts=Halt.CAMPAIGN),
}


async def test_what_a_centre_answers_becomes_an_outcome(centre):
    await centre.do("behave", answers=list(ENDS))
    open_line = line(centre)
    for status, end in ENDS.items():
        assert discreet(await open_line.send(sms())) == end, hex(status)


async def test_a_yes_without_a_name_for_the_message_proves_nothing():
    assert verdicts.of_answer(0, "") == Unknown("answer_unreadable")


async def test_a_line_cut_after_the_send_leaves_it_unknown_and_the_next_binds_again(centre):
    open_line = line(centre)
    await centre.do("behave", cut=True)
    assert isinstance(discreet(await open_line.send(sms())), Unknown)
    await centre.do("behave")
    assert isinstance(await open_line.send(sms()), Accepted)
    assert len(centre.of("submitted")) == 2
    assert len(centre.of("bound")) == 2


async def test_a_centre_killed_in_mid_send_leaves_in_doubt_what_was_written_and_no_more(centre):
    await centre.do("behave", silent=True)
    open_line = line(centre)
    sends = [asyncio.create_task(open_line.send(sms())) for _ in range(30)]
    await centre.until(lambda: len(centre.of("submitted")) == 10)
    await centre.kill()
    outcomes = [await send for send in sends]
    assert sum(isinstance(outcome, Unknown) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, Deferred) for outcome in outcomes) == 20


async def test_silence_leaves_the_send_unknown_and_a_late_answer_settles_it(centre):
    log, open_line = Log(), line(centre, timeout_s=0.5)
    async with listening(open_line, log):
        await bound(centre)
        await centre.do("behave", late_ms=1500)
        assert await open_line.send(sms(key="77")) == Unknown("TimeoutError")
        assert await log.until(1) == [StatusArrived(NOON, "m-1", "77", Evidence.ACCEPTED)]


async def test_a_centre_that_cannot_be_reached_was_sent_nothing(centre):
    await centre.kill()
    assert isinstance(discreet(await line(centre).send(sms())), Deferred)
    for endpoint in (
        "",
        "smpp://",
        "smpp://127.0.0.1:1/CHAUPL",
        "smpp://127.0.0.1:1/CHAUPL-X?entity=1",
        "smpp://127.0.0.1:1/CHAUPL-S",
        "smpp://127.0.0.1:99999/CHAUPL-S?entity=1",
        "http://127.0.0.1:1/CHAUPL-S?entity=1",
        "smpp://127.0.0.1:1/CHAUPL-S?entity=1&paise=free",
    ):
        account = Account(endpoint=endpoint, token=SIGN_IN, webhook_secret="")
        assert isinstance(discreet(await Sms().connect(None, account).send(sms())), Deferred)


async def test_a_wrong_password_is_the_accounts_fault_and_is_not_tried_again_at_once(centre):
    open_line = line(centre, token="chaupal:falsch", first_wait_s=60)
    for _ in range(3):
        assert discreet(await open_line.send(sms())) == Rejected(
            Failure.MISCONFIGURED, "not_authenticated", halts=Halt.SENDER
        )
    await centre.until(lambda: centre.of("bound"))
    assert len(centre.of("bound")) == 1


@pytest.mark.parametrize(("status", "end"), [(0x05, "already_bound"), (0x58, "throttled")])
async def test_a_bind_refused_for_now_defers(centre, status, end):
    await centre.do("behave", bind=status)
    outcome = await line(centre).send(sms())
    assert isinstance(outcome, Deferred)
    assert outcome.why == end


@pytest.mark.parametrize("address", ["", "911100000001", "+91", "+91110000000x", "+0911100000001"])
async def test_an_address_that_is_no_number_is_refused_here(centre, address):
    outcome = await line(centre).send(sms(address))
    assert outcome == Rejected(Failure.NO_SUCH_ADDRESS, "address_malformed")
    assert centre.of("bound") == []


async def test_a_text_without_its_template_or_beyond_the_limit_never_leaves(centre):
    assert await line(centre).send(sms(template=None)) == Rejected(
        Failure.CONTENT, "no_template", halts=Halt.CAMPAIGN
    )
    assert await line(centre).send(sms(text="अ" * 671)) == Rejected(Failure.CONTENT, "too_long")
    assert centre.of("bound") == []


async def test_over_tls_only_with_a_certificate_that_somebody_signed(tmp_path):
    key, cert = self_signed(tmp_path)
    async with a_centre(key=key, cert=cert) as centre:
        account = Account(centre.endpoint(scheme="smpps"), SIGN_IN, "")
        outcome = await Sms().connect(None, account).send(sms())
        assert isinstance(discreet(outcome), Deferred)
        assert centre.of("bound") == []

        known = ssl.create_default_context(cafile=cert)
        assert await Sms(tls=known).connect(None, account).send(sms()) == Accepted("m-1")


async def test_a_receipt_is_kept_before_it_is_answered(centre):
    log, open_line = Log(), line(centre)
    log.away = True
    async with listening(open_line, log):
        await bound(centre)
        await centre.do("receipt", id="m-9")
        await centre.until(lambda: centre.of("brought"))
        assert {one["status"] for one in centre.of("brought")} == {0x64}
        log.away = False
        [status] = await log.until(1)
        await centre.until(lambda: centre.of("brought")[-1]["status"] == 0)
    assert status == StatusArrived(
        datetime(2026, 11, 27, 4, 30, tzinfo=UTC), "m-9", None, Evidence.DELIVERED
    )
    await centre.until(lambda: centre.of("unbound"))  # whoever lets go of a sender says so


async def test_what_came_while_nobody_was_bound_is_brought_to_the_next_who_is(centre):
    await centre.do("receipt", id="m-1", tags=False)
    log, open_line = Log(), line(centre)
    assert await open_line.send(sms()) == Accepted("m-1")  # to send alone: nothing is brought
    assert log.kept == []
    async with listening(open_line, log):
        [status] = await log.until(1)
    assert (status.provider_ref, status.evidence) == ("m-1", Evidence.DELIVERED)


STATES = {
    ("DELIVRD", "000"): (Evidence.DELIVERED, None),
    ("ACCEPTD", "000"): (Evidence.ACCEPTED, None),
    ("EXPIRED", "000"): (Evidence.ACCEPTED, Failure.EXPIRED),
    ("UNDELIV", "001"): (Evidence.ACCEPTED, Failure.UNDELIVERED),
    ("REJECTD", "000"): (Evidence.ACCEPTED, Failure.BLOCKED),
    ("UNDELIV", "602"): (Evidence.ACCEPTED, Failure.MISCONFIGURED),
    ("REJECTD", "620"): (Evidence.ACCEPTED, Failure.MISCONFIGURED),
    ("REJECTD", "635"): (Evidence.ACCEPTED, Failure.CONTENT),
}


async def test_what_a_receipt_says_becomes_evidence_or_a_reason(centre):
    log, open_line = Log(), line(centre)
    async with listening(open_line, log):
        await bound(centre)
        for tags in (True, False):
            for number, (stat, err) in enumerate(STATES):
                await centre.do("receipt", id=f"r-{tags}-{number}", stat=stat, err=err, tags=tags)
        await centre.do("receipt", id="on-its-way", stat="ENROUTE")
        arrivals = await log.until(2 * len(STATES))
        await centre.until(lambda: len(centre.of("brought")) == 2 * len(STATES) + 1)
    ends = {one.provider_ref: (one.evidence, one.failure) for one in arrivals}
    for tags in (True, False):
        for number, end in enumerate(STATES.values()):
            assert ends[f"r-{tags}-{number}"] == end, list(STATES)[number]
    assert "on-its-way" not in ends


async def test_stop_by_sms_is_heard_in_both_scripts_and_a_sentence_is_a_message(centre):
    log, open_line = Log(), line(centre)
    async with listening(open_line, log):
        await bound(centre)
        await centre.do("bring", source_addr="911100000001", short_message="STOP")
        await centre.do("bring", source_addr="911100000002", short_message="बंद करो")
        await centre.do(
            "bring", source_addr="1100000003", source_addr_ton=2, short_message="बस स्टैंड बंद है"
        )
        await centre.do("bring", source_addr="VM-BANK", source_addr_ton=5, short_message="STOP")
        arrivals = await log.until(4)
    said = {one.addresses: one.word for one in arrivals if isinstance(one, PersonSaid)}
    assert said == {("+911100000001",): Word.STOP, ("+911100000002",): Word.STOP}
    [message] = [one for one in arrivals if isinstance(one, MessageArrived)]
    assert (message.address, message.text) == ("+911100000003", "बस स्टैंड बंद है")
    assert len({one.event_id for one in arrivals}) == 3


async def test_a_line_that_breaks_is_bound_again_and_nothing_is_lost(centre):
    log, open_line = Log(), line(centre)
    async with listening(open_line, log):
        await bound(centre)
        await centre.do("drop")
        await centre.until(lambda: len(centre.of("bound")) == 2)
        await centre.do("receipt", id="m-1")
        await log.until(1)


async def test_what_is_no_smpp_ends_the_session_and_a_new_one_begins(centre):
    log, open_line = Log(), line(centre)
    async with listening(open_line, log):
        await bound(centre)
        await centre.do("garbage", hex="ff" * 64)
        await centre.until(lambda: len(centre.of("bound")) == 2)
        assert isinstance(await open_line.send(sms()), Accepted)


async def test_each_side_may_ask_whether_the_other_is_there(centre):
    log, open_line = Log(), line(centre, enquire_s=0.1)
    async with listening(open_line, log):
        await bound(centre)
        await centre.do("enquire")
        await centre.until(lambda: centre.of("answered"))
        await centre.until(lambda: centre.of("enquired"))
        await centre.do("behave", deaf=True)  # one that answers no more is left
        await centre.until(lambda: len(centre.of("bound")) >= 2)


def test_no_webhook_is_a_centres_and_a_sender_goes_by_its_header():
    channel = Sms()
    account = Account(f"smpp://centre.example/CHAUPL-S?entity={ENTITY}", SIGN_IN, "")
    assert not channel.signed({"authorization": "Bearer "}, b"{}", account)
    assert isinstance(channel, Vetted)
    assert channel.name_of(account) == "CHAUPL"
    assert "geheim" not in repr(channel.connect(None, account))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"\xff", b"{}", b'{"at": "x", "pdu": "00"}',
        b'{"at": "2026-11-27T12:00:00+00:00", "pdu": "zz"}',
        b'{"at": "2026-11-27T12:00:00+00:00", "pdu": "0000001000000005000000000000001"}',
        b'{"at": "2026-11-27T12:00:00+00:00", "pdu": "00000010000000150000000000000001"}',
        b'{"at": "2026-11-27T12:00:00+00:00", "pdu": 7}',
    ],
)  # fmt: skip
def test_what_is_no_unit_is_nothing(body):
    assert Sms().read(body) == []
