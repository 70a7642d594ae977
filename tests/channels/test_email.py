"""E-mail against a real SMTP server: four ends, a way out in one click, and what comes back."""

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import self_signed
from chaupal.arrivals.models import Evidence, Failure, MessageArrived, PersonSaid, StatusArrived
from chaupal.broadcasts import imaging
from chaupal.channels.contract import (
    Accepted,
    Account,
    Deferred,
    Halt,
    Message,
    Outcome,
    Picture,
    Rejected,
    Unknown,
)
from chaupal.channels.email import Email, bounces, letter
from chaupal.people.models import Word
from imagery import a_picture
from mailserver import SIGN_IN, Mailbox, a_mail_server

MEENA = "meena@people.example"
TEXT = "मंडी कल सुबह सात बजे खुलेगी।\n\nसब साथी समय पर पहुँचें।"
URL = "https://desk.example/p/" + "a" * 120 + "/unsubscribe/email"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def box():
    async with a_mail_server() as box:
        yield box


def line(box: Mailbox, *, token: str = "", host: str = "127.0.0.1", timeout_s: float = 5):
    account = Account(endpoint=box.endpoint(host), token=token, webhook_secret="s")
    return Email(answer_timeout_s=timeout_s).connect(None, account)


def mail(address: str = MEENA, *, key: str = "42", text: str = TEXT) -> Message:
    return Message(address, text, key, unsubscribe_url=URL)


def discreet(outcome: Outcome) -> Outcome:
    """What is told of an outcome holds no secret, address or text."""
    for secret in ("geheim", "meena", "मंडी", "127.0.0.1"):
        assert secret not in repr(outcome)
    return outcome


async def test_a_picture_comes_below_the_text_with_its_description(box):
    made = imaging.prepared(a_picture(900, 700))
    picture = Picture(
        made.id, made.body, made.width, made.height, "मंडी का नक्शा\r\nBcc: x@y.example"
    )
    outcome = discreet(await line(box).send(replace(mail(), picture=picture)))
    assert isinstance(outcome, Accepted)
    [sent] = box.mails()
    text, shown = sent.iter_parts()
    assert text.get_content().strip() == TEXT
    assert (shown.get_content_type(), shown.get_content_disposition()) == ("image/jpeg", "inline")
    assert shown.get_content() == made.body
    assert "मंडी का नक्शा" in str(shown["Content-Description"])
    assert sent["Bcc"] is None
    assert shown["Bcc"] is None
    assert sent["List-Unsubscribe"] == f"<{URL}>"
    assert str(sent["Subject"]).startswith("मंडी कल")


async def test_a_mail_arrives_as_it_was_written_with_a_way_out_in_one_click(box):
    outcome = discreet(await line(box).send(mail()))

    ((sender, recipients, raw),) = box.taken
    assert (sender, recipients) == ("news@sangh.example", [MEENA])
    [got] = box.mails()
    assert outcome == Accepted(str(got["Message-ID"]).strip("<>"))
    assert got.get_content().strip().replace("\r\n", "\n") == TEXT
    assert got["Subject"] == "मंडी कल सुबह सात बजे खुलेगी।"
    assert got["From"].addresses[0].display_name == "संघ"
    assert got["List-Unsubscribe"] == f"<{URL}>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"List-Unsubscribe: <{URL}>\r\n".encode() in raw


async def test_the_same_key_is_the_same_mail_and_another_key_another(box):
    open_line = line(box)
    for key in ("42", "42", "43"):
        await open_line.send(mail(key=key))
    first, again, other = [str(got["Message-ID"]) for got in box.mails()]
    assert first == again != other


async def test_one_session_carries_one_mail_after_another(box):
    open_line = line(box)
    for key in "abc":
        assert isinstance(await open_line.send(mail(key=key)), Accepted)
    assert (box.sessions, len(box.taken)) == (1, 3)


async def test_a_session_that_the_server_left_is_replaced(box):
    open_line = line(box)
    await open_line.send(mail(key="a"))
    box.leave()
    assert isinstance(await open_line.send(mail(key="b")), Accepted)
    assert (box.sessions, len(box.taken)) == (2, 2)


async def test_many_at_once_each_arrive_once(box):
    open_line = line(box)
    outcomes = await asyncio.gather(*(open_line.send(mail(key=str(n))) for n in range(40)))
    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert len({str(got["Message-ID"]) for got in box.mails()}) == len(box.taken) == 40


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ("421 4.3.2 going down", Deferred("throttled")),
        ("450 4.2.0 greylisted", Deferred("not_now", pair_only=True)),
        ("452 4.2.2 mailbox full", Deferred("not_now", pair_only=True)),
        ("550 5.1.1 no such user", Rejected(Failure.NO_SUCH_ADDRESS, "smtp_550")),
        ("550 no such user", Rejected(Failure.NO_SUCH_ADDRESS, "smtp_550")),
        ("550 5.7.1 not from you", Rejected(Failure.BLOCKED, "smtp_550")),
        ("552 5.2.2 mailbox full", Rejected(Failure.UNDELIVERED, "smtp_552")),
        ("554 whatever", Rejected(Failure.UNDELIVERED, "smtp_554")),
    ],
)
async def test_a_no_at_the_address_is_for_now_or_for_good(box, said, ended):
    open_line = line(box)
    box.at_rcpt[MEENA] = said
    assert discreet(await open_line.send(mail())) == ended
    assert box.taken == []
    assert isinstance(await open_line.send(mail("ravi@people.example")), Accepted)


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ("451 4.3.0 later", Deferred("not_now", pair_only=True)),
        ("554 5.7.1 looks like spam", Rejected(Failure.BLOCKED, "smtp_554")),
    ],
)
async def test_a_no_to_the_text_was_not_taken(box, said, ended):
    box.at_data = said
    assert discreet(await line(box).send(mail())) == ended


async def test_a_line_cut_after_the_text_leaves_it_unknown(box):
    box.cuts_after_data = True
    assert isinstance(discreet(await line(box).send(mail())), Unknown)


async def test_a_server_that_cannot_be_reached_was_sent_nothing(box):
    closed = Mailbox(port=9)
    for endpoint in (
        closed.endpoint(), "not a url", "http://127.0.0.1/a@b.example", "smtp://127.0.0.1:25",
        "smtp://127.0.0.1:99999/a@b.example",
    ):  # fmt: skip
        account = Account(endpoint=endpoint, token="", webhook_secret="s")
        assert isinstance(discreet(await Email().connect(None, account).send(mail())), Deferred), (
            endpoint
        )


async def test_a_server_elsewhere_that_encrypts_nothing_gets_nothing(box):
    # The old way to write 127.0.0.1, which is no loopback by its looks.
    assert await line(box, host="127.1").send(mail()) == Deferred("InTheClear")
    assert box.taken == []


async def test_a_server_whose_certificate_nobody_signed_gets_nothing(tmp_path):
    key, cert = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    async with a_mail_server(tls=context) as box:
        outcome = await line(box, token=SIGN_IN).send(mail())
        assert isinstance(discreet(outcome), Deferred)
        assert box.taken == []


async def test_signing_in_opens_the_server_and_a_wrong_password_is_the_accounts_fault():
    async with a_mail_server(signs_in=True) as box:
        assert isinstance(await line(box, token=SIGN_IN).send(mail()), Accepted)
        assert discreet(await line(box, token="news:geheim-falsch").send(mail())) == Rejected(
            Failure.MISCONFIGURED, "not_authenticated", halts=Halt.SENDER
        )
        assert len(box.taken) == 1


@pytest.mark.parametrize(
    "address",
    ["", "meena", "a@b@c.example", "a b@c.example", "a@c.example\r\nBcc: b@c.example",
     "मीना@c.example", "a@" + "c" * 300 + ".example", "<a@c.example>", '"a b"@c.example'],
)  # fmt: skip
async def test_an_address_that_no_server_takes_is_refused_here(box, address):
    outcome = await line(box).send(mail(address))
    assert outcome == Rejected(Failure.NO_SUCH_ADDRESS, "address_malformed")
    assert box.sessions == 0


@given(text=st.text(max_size=400))
def test_a_subject_is_one_printable_line(text):
    subject = letter.subject(text)
    assert subject.isprintable()
    assert len(subject) <= letter.SUBJECT_LIMIT_CHARACTERS + 2
    letter.written(Message(MEENA, text, "k"), "news@sangh.example", "संघ")


def test_a_long_first_line_is_cut_between_words():
    assert letter.subject("सूचना " * 40) == "सूचना " * 14 + "सूचना …"


REPORT = """\
Date: Sun, 01 Mar 2026 17:30:00 +0530
From: MAILER-DAEMON@mx.example
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

{words}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; meena@people.example
Action: {action}
Status: {status}

--b
Content-Type: {returned}

From: news@sangh.example
Message-ID: <{reference}>

--b--
"""


def report(
    *, action: str = "failed", status: str = "5.1.1", returned: str = "text/rfc822-headers"
) -> bytes:
    words = "Sorry, meena@people.example is gone."
    filled = REPORT.format(
        words=words, action=action, status=status, returned=returned, reference="abc@sangh.example"
    )
    return filled.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ("5.1.1", Failure.NO_SUCH_ADDRESS),
        ("5.7.1", Failure.BLOCKED),
        ("5.4.7", Failure.EXPIRED),
        ("5.2.2", Failure.UNDELIVERED),
        ("5.9.9", Failure.UNDELIVERED),
    ],
)
def test_a_report_names_our_mail_and_why(returned, status, failure):
    assert Email().read(report(status=status, returned=returned)) == [
        StatusArrived(NOON, "abc@sangh.example", None, Evidence.ACCEPTED, failure)
    ]


def test_a_delay_and_a_report_on_nothing_of_ours_change_nothing():
    assert Email().read(report(action="delayed", status="4.4.1")) == []
    assert Email().read(report(returned="text/plain")) == []


def reply(text: str, **headers: str) -> bytes:
    given = {"Date": "Sun, 01 Mar 2026 12:00:00 +0000", "From": "Meena <Meena@people.example>",
             "Message-ID": "<r1@people.example>", "Content-Type": "text/plain; charset=utf-8",
             "Subject": "Re: x", **headers}  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"{head}\r\n{text}\r\n".encode()


def test_a_stop_by_mail_is_believed_and_a_yes_is_not():
    [said] = Email().read(reply("बंद करो"))
    assert said == PersonSaid(NOON, "r1@people.example", (MEENA,), Word.STOP)
    [said] = Email().read(reply("Thank you.", Subject="STOP"))
    assert isinstance(said, PersonSaid)
    [said] = Email().read(reply("START"))
    assert isinstance(said, MessageArrived)


def test_a_reply_is_a_message_and_what_a_program_answers_is_none():
    [arrival] = Email().read(reply("बस स्टैंड बंद है"))
    assert (arrival.address, arrival.text.strip()) == (MEENA, "बस स्टैंड बंद है")
    assert Email().read(reply("I am away.", **{"Auto-Submitted": "auto-replied"})) == []
    assert Email().read(reply("x", Date="")) == []
    assert Email().read(reply("x", From="nobody")) == []


@given(st.binary(max_size=2000))
def test_nothing_that_comes_in_breaks_the_reading(body):
    assert bounces.read(body) is None, "no report and no reply is this short of its heads"


@given(st.data())
def test_no_broken_report_breaks_the_reading(data):
    raw = bytearray(report())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    for arrival in Email().read(bytes(raw)):
        assert isinstance(arrival, StatusArrived | MessageArrived | PersonSaid)
        assert "\0" not in repr(arrival)


def test_only_the_mail_server_that_holds_the_secret_hands_mail_in():
    account = Account(endpoint="", token="", webhook_secret="s")
    assert Email().signed({"authorization": "Bearer s"}, b"", account)
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer é"}):
        assert not Email().signed(headers, b"", account)
    assert not Email().signed({"authorization": "Bearer "}, b"", Account("", "", ""))
