"""What an SMS costs, and whether it is a registered text: rules, against what is plainly true."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.channels.sms import segments, templates
from chaupal.channels.sms.segments import ALONE, JOINED, Alphabet, Count, count
from chaupal.channels.sms.templates import Registered, find, matches

ROOT = Path(__file__).parent.parent.parent
SMALL = st.text(alphabet=st.sampled_from([*segments.CODES, *segments.EXTENSION]), max_size=700)
LARGE = st.text(
    alphabet=st.one_of(st.sampled_from("क ख़ािन्दa1€😀"), st.characters(exclude_categories=["Cs"])),
    max_size=400,
)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("", Count(Alphabet.GSM_7, 0, 1)),
        ("a" * 160, Count(Alphabet.GSM_7, 160, 1)),
        ("a" * 161, Count(Alphabet.GSM_7, 161, 2)),
        ("a" * 306, Count(Alphabet.GSM_7, 306, 2)),
        ("a" * 307, Count(Alphabet.GSM_7, 307, 3)),
        ("€" * 80, Count(Alphabet.GSM_7, 160, 1)),
        ("a" * 152 + "€" + "a" * 10, Count(Alphabet.GSM_7, 164, 2)),
        # The euro's two halves stay together, so a place is left empty in each.
        ("€" * 153, Count(Alphabet.GSM_7, 306, 3)),
        ("अ" * 70, Count(Alphabet.UCS_2, 70, 1)),
        ("अ" * 71, Count(Alphabet.UCS_2, 71, 2)),
        ("अ" * 134, Count(Alphabet.UCS_2, 134, 2)),
        ("अ" * 135, Count(Alphabet.UCS_2, 135, 3)),
        ("😀" * 35, Count(Alphabet.UCS_2, 70, 1)),
        ("😀" * 36, Count(Alphabet.UCS_2, 72, 2)),
        ("😀" * 67, Count(Alphabet.UCS_2, 134, 3)),
        ("a" * 100 + "़", Count(Alphabet.UCS_2, 101, 2)),
        ("`" * 71, Count(Alphabet.UCS_2, 71, 2)),
    ],
)
def test_segments_are_counted_as_a_network_counts_them(text, counted):
    assert count(text) == counted


@given(text=st.one_of(SMALL, LARGE))
def test_a_count_is_never_less_than_the_units_need_nor_more_than_waste_explains(text):
    counted = count(text)
    if counted.units <= ALONE[counted.alphabet]:
        assert counted.segments == 1
    else:
        room = JOINED[counted.alphabet]
        assert -(-counted.units // room) <= counted.segments <= -(-counted.units // (room - 1))
    octets = len(segments.encoded(text))
    assert counted.units == (octets if counted.alphabet is Alphabet.GSM_7 else octets // 2)


@given(text=SMALL)
def test_the_small_alphabet_says_what_was_written(text):
    assert segments.decoded(segments.encoded(text)) == text


@given(raw=st.binary(max_size=200))
def test_whatever_octets_come_are_some_text(raw):
    assert len(segments.decoded(raw)) <= len(raw)


def test_the_page_counts_as_the_server_does(tmp_path):
    """The page's own function, cut out of its script and run by node."""
    script = (ROOT / "src/chaupal/web/assets/app.js").read_text()
    [function] = re.findall(r"^const GSM = .*?^}$", script, re.DOTALL | re.MULTILINE)
    texts = [
        "", "a" * 160, "a" * 161, "€" * 80, "€" * 153, "{}[]~^|\\\f" * 20, "अ" * 70, "अ" * 71,
        "😀" * 35, "😀" * 67, "a" * 152 + "€aa", "`" * 71, segments.BASIC.replace("\x1b", "") * 3,
        "\x1b" * 71, "मंडी कल सुबह सात बजे खुलेगी। " * 9,
    ]  # fmt: skip
    (tmp_path / "count.mjs").write_text(
        function + f"\nconsole.log(JSON.stringify({json.dumps(texts)}.map(segments)));"
    )
    node = shutil.which("node", path=str(ROOT / ".venv" / "bin")) or shutil.which("node")
    ran = subprocess.run([node, tmp_path / "count.mjs"], capture_output=True, check=True, text=True)
    assert json.loads(ran.stdout) == [count(text).segments for text in texts]


@pytest.mark.parametrize(
    ("body", "text", "fits"),
    [
        ("मंडी कल खुलेगी।", "मंडी कल खुलेगी।", True),
        ("मंडी कल खुलेगी।", "मंडी कल खुलेगी। ", False),
        ("मंडी कल खुलेगी।", "मंडी  कल खुलेगी।", False),
        ("मंडी {#var#} खुलेगी", "मंडी कल सात बजे खुलेगी", True),
        ("मंडी {#var#} खुलेगी", "मंडी  खुलेगी", False),
        ("{#var#}", "a" * 30, True),
        ("{#var#}", "a" * 31, False),
        ("{#var#}{#var#}", "a" * 60, True),
        ("{#var#}{#var#}", "a" * 61, False),
        ("{#var#} {#var#}", "a b", True),
        ("{#VAR#}.", "x.", True),
        ("कुल {#numeric#} रु", "कुल 1,250.50 रु", True),
        ("कुल {#numeric#} रु", "कुल बारह रु", False),
        ("देखें {#url#}", "देखें https://a.example/" + "x" * 100, True),
        ("देखें {#url#}", "देखें दो शब्द", False),
        ("फ़ोन {#cbn#}", "फ़ोन +91 1100000001", True),
        ("a\r\nb", "a\nb", True),
        ("{#var#}\nb", "a\n\nb", True),
        ("{#odd#}", "{#odd#}", False),
        ("{# var #}", "{# var #}", True),
    ],
)
def test_a_text_fits_letter_by_letter_but_for_its_variables(body, text, fits):
    assert matches(body, text) is fits


PIECES = st.lists(st.text(alphabet="ab {#}\n", max_size=6), min_size=1, max_size=5)


@given(pieces=PIECES, filled=st.data())
def test_what_is_filled_in_fits_and_agrees_with_a_plain_search(pieces, filled):
    pieces = [piece.replace("{#", "") for piece in pieces]
    body = "{#var#}".join(pieces)
    values = [filled.draw(st.text(alphabet="ab {#}", min_size=1, max_size=30)) for _ in pieces[1:]]
    text = pieces[0] + "".join(
        value + piece for value, piece in zip(values, pieces[1:], strict=True)
    )
    assert matches(body, text)
    other = filled.draw(st.text(alphabet="ab {#}\n", max_size=20))
    plain = r"[\s\S]{1,30}".join(re.escape(piece) for piece in pieces)
    assert matches(body, other) is (re.fullmatch(plain, other) is not None)


def test_many_variables_and_no_end_take_no_time_to_speak_of():
    assert not matches("{#var#}" * 40 + "!", "a" * 1000)


def test_of_several_registrations_the_one_that_says_the_most_is_taken():
    loose = Registered("1107000000000000001", "CHAUPL", "hi", "{#var#}")
    close = Registered("1107000000000000002", "CHAUPL", "hi", "मंडी {#var#} बजे")
    assert find([loose, close], "मंडी सात बजे") is close
    assert find([loose, close], "सभा") is loose
    assert find([close], "सभा") is None
    assert templates.kinds_unknown("{#var#} {#odd#}") == ["odd"]
