"""What of a field is mended, and what is not."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.directory import Reason, Unfit, fields

MENDED = {
    "as it should be": ("+919876543210", "+919876543210"),
    "spaces and dashes": ("+91 98765-43210", "+919876543210"),
    "plus eaten": ("919876543210", "+919876543210"),
    "zero kept": ("09876543210", "+919876543210"),
    "zero eaten": ("9876543210", "+919876543210"),
    "a float": ("9876543210.0", "+919876543210"),
    "dialled abroad": ("00919876543210", "+919876543210"),
    "Devanagari": ("९८७६५४३२१०", "+919876543210"),
    "marked as text": ("'9876543210", "+919876543210"),
    "undialable": ("+911100000001", "+911100000001"),
    "another country": ("+977 98 4123 4567", "+9779841234567"),
}
UNFIT = {
    "scientific": ("9.19E+11", Reason.PHONE_SCIENTIFIC),
    "scientific with a comma": ("9,19e11", Reason.PHONE_SCIENTIFIC),
    "too short": ("98765", Reason.PHONE_MALFORMED),
    "eleven digits, no zero": ("98765432101", Reason.PHONE_MALFORMED),
    "two numbers": ("9876543210/9876543211", Reason.PHONE_MALFORMED),
    "a word": ("none", Reason.PHONE_MALFORMED),
    "a country that is none": ("+999 1234567890", Reason.PHONE_MALFORMED),
}


@pytest.mark.parametrize(("written", "read"), MENDED.values(), ids=MENDED.keys())
def test_a_number_that_only_one_phone_can_mean_is_mended(written, read):
    assert fields.phone(written) == read


@pytest.mark.parametrize(("written", "reason"), UNFIT.values(), ids=UNFIT.keys())
def test_a_number_that_could_mean_several_phones_is_refused(written, reason):
    with pytest.raises(Unfit) as unfit:
        fields.phone(written)
    assert (unfit.value.reason, unfit.value.column) == (reason, "phone")
    assert written not in str(unfit.value)


def test_a_blank_field_says_nothing():
    assert fields.phone("  ") is None
    assert fields.text("\u200b ", "name") is None
    assert fields.listed("", "admins") is None
    assert fields.listed("-", "admins") == ()


def test_numbers_are_read_in_any_script_and_grouping():
    assert fields.number("१,०२४", "size", most=2000) == 1024
    assert fields.number("1024.0", "size", most=2000) == 1024
    with pytest.raises(Unfit, match="out_of_range"):
        fields.number("2001", "size", most=2000)
    with pytest.raises(Unfit, match="not_a_number"):
        fields.number("-3", "size", most=2000)


def test_names_that_look_alike_are_alike():
    assert fields.text("क\u093cलम", "name") == fields.text("\u0958लम", "name")
    assert fields.text(" Asha\u00a0 \n Devi\u200e", "name") == "Asha Devi"


@pytest.mark.parametrize("written", ["a\x07b", "x" * 301])
def test_what_is_no_name_is_refused(written):
    with pytest.raises(Unfit):
        fields.text(written, "name")


def test_choices_are_understood_in_both_languages():
    assert fields.choice("आंतरिक", "purpose") == "internal"
    assert fields.choice(" PUBLIC ", "purpose") == "public"
    assert fields.choice("अंग्रेज़ी", "language") == "en"
    with pytest.raises(Unfit, match="not_a_choice"):
        fields.choice("both", "purpose")


@pytest.mark.parametrize(
    ("channel", "good", "bad"),
    [("telegram", "-1001234567890", "t.me/x"), ("matrix", "@asha:example.invalid", "asha"),
     ("sandbox", "p:0012ab", "two words")],
)  # fmt: skip
def test_an_address_has_the_shape_of_its_channel(channel, good, bad):
    assert fields.address(good, channel, channel) == good
    with pytest.raises(Unfit, match="malformed"):
        fields.address(bad, channel, channel)


DAYS = {
    "as computers write it": "2026-01-31",
    "as India writes it": "31/01/2026",
    "with points": "31.1.2026",
    "with an hour": "2026-01-31 00:00:00",
    "in Devanagari": "३१-०१-२०२६",
    "a month's name": "31-Jan-2026",
    "a month in full": "31 January, 2026",
    "a month in Hindi": "31 जनवरी 2026",
}


@pytest.mark.parametrize("written", DAYS.values(), ids=DAYS.keys())
def test_a_day_is_read_however_it_is_written(written):
    assert fields.day(written, "since") == date(2026, 1, 31)


@pytest.mark.parametrize(
    "written", ["46053", "31-01-26", "01/31/2026", "30-02-2026", "soon", "1/2"]
)
def test_a_day_that_could_be_another_is_refused(written):
    with pytest.raises(Unfit, match="not_a_date"):
        fields.day(written, "since")


def test_every_month_has_a_name_in_both_languages():
    assert sorted(set(fields.MONTHS.values())) == list(range(1, 13))
    for number, name in enumerate(["फ़रवरी", "अप्रैल", "सितम्बर", "दिसंबर"]):
        assert fields.day(f"1 {name} 2026", "since").month == (2, 4, 9, 12)[number]


def test_a_year_that_nobody_has_lived_in_is_refused():
    with pytest.raises(Unfit, match="out_of_range"):
        fields.day("1850-01-01", "since")


def test_a_code_that_the_spreadsheet_has_eaten_is_refused():
    assert fields.code("007/E+12", "reference") == "007/E+12"
    for eaten in ("1.23E+15", "1e+16", "9,19E+11"):
        with pytest.raises(Unfit, match="code_scientific"):
            fields.code(eaten, "reference")


@pytest.mark.parametrize("written", ["#N/A", "#REF!", " #VALUE! ", "#DIV/0!"])
def test_a_formula_that_failed_is_nobodys_name(written):
    with pytest.raises(Unfit, match="formula_broken"):
        fields.text(written, "name")
    assert fields.text("#1 समूह", "name") == "#1 समूह"


def test_a_masked_number_says_nothing():
    assert fields.phone("+91 ••••• ••001") is None
    assert fields.address("a•••@example.invalid", "email", "email") is None


def test_mail_addresses_are_read_in_small_letters():
    assert fields.address(" Asha@Example.INVALID ", "email", "email") == "asha@example.invalid"
    for odd in ("asha", "a@b", "a@b@c.in", "Asha <a@b.in>"):
        with pytest.raises(Unfit, match="malformed"):
            fields.address(odd, "email", "email")


any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(any_text)
def test_what_looks_right_at_a_glance_is_exactly_what_mending_would_give(written):
    """The short way for text that is as it should be never differs from the long one."""
    if fields._PLAIN.fullmatch(written):
        assert fields._mended(written, "name") == written


@given(st.text(alphabet="'=+-@\t\ra 1•", max_size=8))
def test_no_cell_is_a_formula_and_each_is_read_back(value):
    cell = fields.escaped(value)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    plain = " ".join(value.split())
    if value == plain:
        assert fields.text(cell, "name") == (plain or None)


@given(any_text)
def test_any_field_is_read_or_unfit_and_nothing_else(written):
    for read in (fields.phone, lambda w: fields.day(w, "since"), lambda w: fields.code(w, "x")):
        with suppress(Unfit):
            read(written)
    for channel in ("email", "telegram", "matrix", "sandbox"):
        with suppress(Unfit):
            fields.address(written, channel, channel)
