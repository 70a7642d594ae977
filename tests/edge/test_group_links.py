"""Group links against a real edge process: who counts as a person, and what they see."""

import pytest

from chaupal.arrivals import log, own
from chaupal.edge import page
from chaupal.relay import links
from chaupal.relay.models import LinkPage
from chaupal.relay.visitors import is_person
from relaying import ENGLISH, HINDI

PHONE = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Mobile Safari/537.36"
}


@pytest.mark.parametrize(
    "agent",
    [
        "WhatsApp/2.23.20.0 A",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "TelegramBot (like TwitterBot)",
        "Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Synapse (bot; +https://github.com/matrix-org/synapse)",
        "curl/8.5.0",
        "Python/3.11 aiohttp/3.14",
        "",
    ],
)
def test_previews_and_robots_are_not_people(agent):
    assert not is_person("GET", {"user-agent": agent})


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"sec-purpose": "prefetch;prerender"}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"purpose": "preview"}),
    ],
)
def test_looking_ahead_is_not_a_click(method, headers):
    assert not is_person(method, {"user-agent": PHONE["User-Agent"], **headers})


@pytest.mark.parametrize(
    "agent",
    [
        PHONE["User-Agent"],
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
        "Mozilla/5.0 (Mobile; LYF/F300B/LYF-F300B; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1/191.0; U; hi) Presto/2.12.423 Version/12.16",
    ],
)
def test_cheap_and_dear_phones_are_people(agent):
    assert is_person("GET", {"user-agent": agent})


def test_a_text_is_escaped_whole():
    hostile = '<script>alert("x")</script>&'
    shown = page.message(LinkPage(hostile, hostile, hostile, "en", withdrawn=False)).decode()
    assert "<script>alert" not in shown
    assert shown.count("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;") == 4


async def a_link(bazaar, edge, **changes):
    group = await bazaar.group("east-one", await bazaar.place.person("east-one"), **changes)
    id = await bazaar.tasked()
    [assignment] = await bazaar.assignments()
    code = links.group_code(bazaar.rt.sealer, bazaar.organisation, assignment.delivery_id)
    return id, group, f"{edge.url}/g/{code}"


async def test_a_click_shows_the_text_and_verifies_the_group(edge, bazaar, http):
    id, group, url = await a_link(bazaar, edge)
    async with http.get(url, headers=PHONE) as answer:
        shown = await answer.text()
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    for words in ("परीक्षण संगठन", "मंडी का समय", HINDI, "समूह छोड़ दीजिए", '<html lang="hi">'):
        assert words in shown
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 5)
    await bazaar.agrees(id)


async def test_an_english_group_reads_english(edge, bazaar, http):
    _, _, url = await a_link(bazaar, edge, language="en")
    async with http.get(url, headers=PHONE) as answer:
        shown = await answer.text()
    assert ENGLISH in shown
    assert "Leave the group" in shown


async def test_a_preview_sees_the_page_and_proves_nothing(edge, bazaar, rt, http):
    _, group, url = await a_link(bazaar, edge)
    for method, headers in (
        ("GET", {"User-Agent": "WhatsApp/2.24"}),
        ("HEAD", PHONE),
        ("GET", {**PHONE, "Sec-Purpose": "prefetch"}),
    ):
        async with http.request(method, url, headers=headers) as answer:
            assert answer.status == 200
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("tasked", 0)


async def test_a_wrong_code_is_not_found_in_both_languages_and_counts_nothing(
    edge, bazaar, rt, http
):
    _, _, url = await a_link(bazaar, edge)
    for wrong in (url[:-1] + ("A" if url[-1] != "A" else "B"), url[:-1], url + "x"):
        async with http.get(wrong, headers=PHONE) as answer:
            shown = await answer.text()
            assert answer.status == 404
        assert "यह लिंक पूरा नहीं है" in shown
        assert "This link is not whole" in shown
    await log.prepare(rt.nats)
    assert await log.read(rt.nats, 0) == []


async def test_a_recalled_message_is_not_shown_again(edge, bazaar, http):
    id, _, url = await a_link(bazaar, edge)
    await bazaar.steer(id, "recall")
    async with http.get(url, headers=PHONE) as answer:
        shown = await answer.text()
    assert HINDI not in shown
    assert "वापस ले लिया गया" in shown


async def test_with_the_database_away_a_click_is_kept_and_thanked(make_edge, bazaar, rt, http):
    edge = make_edge(DATABASE_URL="postgresql://nobody@127.0.0.1:9/nowhere")
    await edge.start()
    _, group, url = await a_link(bazaar, edge)
    async with http.get(url, headers=PHONE) as answer:
        assert answer.status == 200
        assert "धन्यवाद" in await answer.text()
    [envelope] = await log.read(rt.nats, 0)
    assert envelope.source == own.LINK
    await bazaar.projected()
    assert await bazaar.delivery(group) == ("sent", 5)
