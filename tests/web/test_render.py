"""Numbers, times, pictures and pages, as a reader sees them."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

import chaupal.web
from chaupal.web import charts
from chaupal.web.language import ago, dated, day, duration, moment, number, percent
from chaupal.web.render import environment, render

# Pages whose own address is the secret: who has it may write, and nobody else knows it.
BY_ADDRESS = {"own_page.html", "enter.html"}
TEMPLATES = Path(chaupal.web.__file__).parent / "templates"
NOW = datetime(2026, 11, 23, 8, 35, tzinfo=UTC)
tallies = st.dictionaries(st.sampled_from(charts.RUNGS), st.integers(0, 5_000_000))


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (999, "999"), (1000, "1,000"), (100000, "1,00,000"), (51600000, "5,16,00,000"),
     (-123456, "-1,23,456")],
)  # fmt: skip
def test_numbers_are_grouped_by_lakh_and_crore(value, said):
    assert number(value) == said


def test_a_share_is_never_rounded_up():
    assert percent(99_999, 100_000) == "99.9\N{NO-BREAK SPACE}%"
    assert percent(5, 5) == "100\N{NO-BREAK SPACE}%"
    assert percent(0, 0) == "–"


@pytest.mark.parametrize(
    ("at", "hindi", "english"),
    [
        (NOW, "आज 14:05", "today 14:05"),
        (NOW - timedelta(days=1), "कल 14:05", "yesterday 14:05"),
        (NOW.replace(day=22, hour=19), "आज 01:05", "today 01:05"),
        (NOW.replace(day=12), "12 नवंबर 14:05", "12 November 14:05"),
        (NOW.replace(year=2025, day=12), "12 नवंबर 2025 14:05", "12 November 2025 14:05"),
    ],
)
def test_moments_are_told_by_the_clock_in_india(at, hindi, english):
    assert (moment(at, NOW, "hi"), moment(at, NOW, "en")) == (hindi, english)


def test_what_the_law_fixed_is_named_by_its_date_on_that_day_too():
    for at in (NOW, NOW - timedelta(days=1), NOW + timedelta(days=1)):
        assert dated(at, NOW, "hi") == f"{at.day} नवंबर 14:05"
    assert dated(NOW.replace(year=2027), NOW, "en") == "23 November 2027 14:05"


def test_the_day_of_a_moment_is_the_day_in_india():
    assert day(NOW.replace(hour=19), "hi") == "24 नवंबर 2026"
    assert day(date(2026, 11, 23), "en") == "23 November 2026"


def test_ages_and_lengths_are_whole_units_in_the_readers_language():
    assert ago(NOW - timedelta(seconds=3), NOW, "hi") == "अभी-अभी"
    assert ago(NOW - timedelta(seconds=119), NOW, "hi") == "1 मिनट पहले"
    assert ago(NOW - timedelta(hours=2), NOW, "en") == "2 hours ago"
    assert ago(NOW + timedelta(hours=2), NOW, "en") == "just now"
    assert duration(timedelta(hours=1, minutes=5), "hi") == "1 घंटे 5 मिनट"
    assert duration(3.04, "en") == "3 s"


@given(tallies)
def test_a_bar_shows_every_rung_that_holds_anything_and_ends_at_its_end(tally):
    segments = charts.bar(tally)

    assert {segment.rung for segment in segments} == {rung for rung in tally if tally[rung]}
    assert sum(segment.count for segment in segments) == charts.total(tally)
    if segments:
        assert abs(segments[-1].x + segments[-1].width - 100) < 0.1


def openings(patch):
    sizes = re.findall(r"M\d+ \d+h(\d+)v-(\d+)", patch.path)
    return sum(int(width) * int(height) for width, height in sizes) // 100


@given(tallies)
def test_a_jaali_has_a_hundred_openings_and_never_flatters(tally):
    filled = {patch.rung: openings(patch) for patch in charts.jaali(tally)}
    whole = charts.total(tally)

    assert sum(filled.values()) == (100 if whole else 0)
    good = sum(filled.get(rung, 0) for rung in charts.REACHED if rung != "planned")
    assert good * whole <= 100 * charts.reached(tally, "accepted")
    assert all(filled.get(rung) for rung in charts.ENDED if tally.get(rung))


def test_a_rung_nobody_knows_is_a_bug():
    with pytest.raises(AssertionError, match="lost"):
        charts.total({"lost": 1})


def test_a_field_nobody_gave_is_a_bug_and_not_a_blank():
    with pytest.raises(UndefinedError):
        render("fragments/counts.html", "hi", now=NOW, page={})


def test_what_people_wrote_is_shown_as_text_and_not_as_markup():
    arrival = {
        "id": 1,
        "kind": "message",
        "at": NOW,
        "group_id": None,
        "text": "<script>x</script>",
    }
    page = {"arrivals": {"items": [arrival], "counted_at": NOW}}

    assert "&lt;script&gt;" in render("fragments/arrivals.html", "hi", now=NOW, page=page)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_compile_and_keep_to_the_content_security_policy(path):
    environment("hi").get_template(str(path.relative_to(TEMPLATES)))
    source = path.read_text()

    assert re.findall(r"\son\w+=|\sstyle=|<style|hx-on|js:|<script(?! src=)", source) == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_every_form_that_writes_carries_its_csrf_token(path):
    if path.name in BY_ADDRESS:
        return
    forms = re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.DOTALL)

    assert [form for form in forms if "keys(csrf)" not in form and 'name="csrf"' not in form] == []


def test_the_volunteers_page_is_light_enough_for_a_poor_signal():
    page = {
        "organisation_name": "मरुधर किसान संघ", "other_language_url": "?language=en",
        "group_name": "बूथ 118", "title": "सरसों", "text": "क" * 4096, "text_language": "hi",
        "wa_url": "https://wa.me/?text=", "posted_url": "/r/x/posted", "posted_at": None,
        "closes_at": NOW, "others": [], "picture_url": "/r/x/picture", "description": "मंडी",
    }  # fmt: skip
    assert len(render("relay.html", "hi", now=NOW, page=page).encode()) < 30_000
