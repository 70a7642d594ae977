"""A whole message that says stop or start, in the spellings that people use, and nothing else."""

import pytest

from chaupal.people.models import Word
from chaupal.people.words import spoken

STOPS = (
    "STOP", " stop. ", "Stop!!", "stop all", "UNSUBSCRIBE", "opt-out", "/stop", "band karo",
    "बंद", "बन्द", "बंद करो", "बंद करें।", "रोको", "रोकें", "मत भेजो", "नहीं चाहिए", "स्टॉप",
    "\u200bबंद\ufe0f 🙏", "ＳＴＯＰ",
)  # fmt: skip
STARTS = ("START", "start 🙏", "unstop", "शुरू", "शुरु करो", "चालू", "चालु", "chalu karo", "स्टार्ट")
NOTHING = (
    "", " ", "🙏", "राम राम", "stop the bus at seven", "बस स्टैंड बंद है", "bandstand", "please",
    "काम शुरू हो गया", "stop" * 100, "S T O P",
)  # fmt: skip


@pytest.mark.parametrize("text", STOPS)
def test_a_stop_is_understood_however_it_is_spelt(text):
    assert spoken(text) is Word.STOP


@pytest.mark.parametrize("text", STARTS)
def test_a_start_is_understood_however_it_is_spelt(text):
    assert spoken(text) is Word.START


@pytest.mark.parametrize("text", NOTHING)
def test_a_word_inside_a_sentence_means_nothing(text):
    assert spoken(text) is None
