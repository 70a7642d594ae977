"""Every sentence of the interface has its Hindi, and says the same."""

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import chaupal.web
from chaupal.arrivals.models import Evidence
from chaupal.kit import db
from chaupal.law.models import CERTIFICATION, SILENCE
from chaupal.web.language import LANGUAGES
from chaupal.web.words import REFUSALS, UNNAMED, refusal_words, word

WEB = Path(chaupal.web.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def sentences() -> Iterator[tuple[str, ...]]:
    for path in WEB.rglob("*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "ngettext"), [], {}):
                yield message if isinstance(message, tuple) else (message,)
    for path in WEB.rglob("*.py"):
        with path.open("rb") as file:
            marks = {"N_": None, "gettext": None, "ngettext": (1, 2)}
            for _, message, _, _ in extract("python", file, marks):
                yield message if isinstance(message, tuple) else (message,)


def spoken() -> set[tuple[str, ...]]:
    return {tuple(part for part in message if part) for message in sentences()}


def hindi() -> dict[tuple[str, ...], tuple[str, ...]]:
    with (WEB / "locale/hi/LC_MESSAGES/chaupal.po").open("rb") as file:
        catalogue = read_po(file, locale="hi")

    def parts(text):
        return text if isinstance(text, tuple) else (text,)

    return {parts(entry.id): parts(entry.string) for entry in catalogue if entry.id}


def test_every_sentence_has_its_hindi():
    translated = hindi()
    assert [said for said in spoken() if not all(translated.get(said, ("",)))] == []


def test_every_hindi_sentence_is_used():
    assert set(hindi()) - spoken() == set()


def test_both_languages_fill_in_the_same_things():
    unequal = [
        english
        for english, translated in hindi().items()
        for text in translated
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english[-1]))
    ]
    assert unequal == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_says_what_happened_and_what_to_do(code, language):
    said = REFUSALS[code]
    names = {mark[2:-2] for mark in PLACEHOLDER.findall(said.what + said.mend)}

    words = refusal_words(code, dict.fromkeys(names, "नोखा"), language)

    assert all((words.title, words.what, words.mend))
    assert "%(" not in words.what + words.mend


def test_a_code_nobody_worded_gets_a_safe_sentence_that_repeats_no_fact():
    words = refusal_words("moon.too_far", {"name": "गोपनीय"}, "en")

    assert words == UNNAMED
    assert "गोपनीय" not in words.what + words.mend


def test_a_fact_that_is_missing_does_not_cost_the_reader_the_page():
    assert "…" in refusal_words("import.broken_csv", {}, "hi").what


def test_facts_are_said_in_the_readers_words():
    class Stage(StrEnum):
        SENDING = "sending"

    moved = refusal_words("broadcast.cannot_move", {"stage": Stage.SENDING, "verb": "edit"}, "hi")
    waits = refusal_words("sign_in.throttled", {"wait_s": 130}, "hi")
    waits_too = refusal_words("sign_in.throttled", {"wait_s": timedelta(seconds=130)}, "hi")
    large = refusal_words("webhook.too_large", {"limit_bytes": 1048576}, "en")

    assert "जा रहा है" in moved.what
    assert "बदलना" in moved.what
    assert "2 मिनट 10 सेकंड" in waits.mend
    assert waits == waits_too
    assert "10,48,576" in large.what


async def test_every_rule_of_law_is_named_in_hindi(rt):
    async with db.installation(rt.pool) as conn:
        found = await conn.execute("SELECT DISTINCT source FROM channel_exclusion")
        rows = [source for (source,) in await found.fetchall()]
    for source in (SILENCE.source, CERTIFICATION.source, *rows):
        assert word("source", source, "en") == source
        assert re.search("[\u0900-\u097f]", word("source", source, "hi")), source


def test_a_rung_is_named_from_its_rank_and_a_stranger_stands_as_written():
    assert word("rung", Evidence.VERIFIED, "hi") == "पक्का"
    assert word("channel", "pigeon", "hi") == "pigeon"
