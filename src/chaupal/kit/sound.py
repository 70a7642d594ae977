"""How a name sounds, whichever script it is written in and however it is spelt. Pure.

Both scripts are brought to one alphabet of some twenty letters, in which what people use for one
another is one letter: aspirates and plain stops, v, w and b, s and sh, short and long vowels. An
`a` is only heard at the beginning of a word, because neither script tells for certain where one
is spoken. See docs/decisions/0026-search-by-sound.md.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple

from chaupal.kit import digits

WORDS, WORD_LENGTH, FORM_LENGTH = 8, 32, 150
TYPED_WORDS, SPANS = 6, 24
NOTHING = "-"

_CONSONANTS = {
    "क": "k", "ख": "k", "ग": "g", "घ": "g", "ङ": "n", "च": "c", "छ": "c", "ज": "j", "झ": "j",
    "ञ": "n", "ट": "t", "ठ": "t", "ड": "d", "ढ": "d", "ण": "n", "त": "t", "थ": "t", "द": "d",
    "ध": "d", "न": "n", "प": "p", "फ": "f", "ब": "b", "भ": "b", "म": "m", "य": "y", "र": "r",
    "ल": "l", "ळ": "l", "व": "b", "श": "s", "ष": "s", "स": "s", "ह": "h",
}  # fmt: skip
_VOWELS = {
    "अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ऋ": "ri", "ए": "e", "ऐ": "e",
    "ओ": "o", "औ": "o", "ऑ": "o", "ऍ": "e", "ॐ": "om",
}  # fmt: skip
_SIGNS = {
    "ा": "a", "ि": "i", "ी": "i", "ु": "u", "ू": "u", "ृ": "ri", "े": "e", "ै": "e", "ो": "o",
    "ौ": "o", "ॉ": "o", "ॅ": "e", "्": "",
}  # fmt: skip
_NASALS, _NUKTA, _FLAPPED, _LABIALS = "ंँ", "\u093c", "डढ", "पफबभम"
_CLUSTERS = (
    (re.compile("ज्ञ"), "ग्य"),
    (re.compile("िं(?=ह(?![ा-ौ]))ह"), "िंग"),  # सिंह is said singh, सिन्हा is not
    (re.compile("गा[ंँ]व$"), "गाओन"),
)
_LATIN = (
    (re.compile(r"x|ksh|kch"), "ks"),
    (re.compile(r"^(?:jn|dny|gn)|(?<=^[yvps]a)jn|(?<=^vi)jn|(?<=^pra)jn"), "gy"),
    (re.compile(r"^sheo"), "shiv"),
    (re.compile(r"^you"), "yu"),
    (re.compile(r"ow(?=[^aeiou]|$)|ou|oa"), "o"),
    (re.compile(r"tch|chh?"), "C"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"ck|q|c"), "k"),
    (re.compile(r"C"), "c"),
    (re.compile(r"sh"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"[vw]"), "b"),
    (re.compile(r"z"), "j"),
    (re.compile(r"(?<=[bcdfgjkprst])h"), ""),
    (re.compile(r"ee"), "i"),
    (re.compile(r"oo"), "u"),
)
_TWICE = re.compile(r"(\D)\1+")
_BOTH = (
    (re.compile(r"(?<=[aeo])y"), "i"),
    (re.compile(r"a[iye]+|ei+"), "e"),
    (re.compile(r"au+"), "o"),
    (re.compile(r"(?<=[ae])o(?=[^aeiou]|$)"), "b"),
    (re.compile(r"(?<=o)i(?=[a-z])"), "e"),
    (re.compile(r"ia"), "iya"),
    (re.compile(r"ua"), "uba"),
    (re.compile(r"iy(?![aeou])"), "i"),
    (re.compile(r"y(?![aeiou])"), "i"),
    (re.compile(r"e(?=h)"), "a"),
    (re.compile(r"^m[ou]ham+[ae]d(?=a?$)"), "mohamad"),
    (re.compile(r"(?<=m)ed(?=a?$)"), "ad"),
    (re.compile(r"(?<=^beg)u(?=m$)"), ""),
    (re.compile(r"sinh$"), "sing"),
    (re.compile(r"(?<=or)e$"), ""),
    (re.compile(r"(?<=.)a"), ""),
    (re.compile(r"([eiou])\1+"), r"\1"),
)
_SCRIPT = re.compile("[\u0900-\u097f]")
_SRI = re.compile(r"sri(?!mati)(?=[^aeiouy]..)")
_SHORT = {
    "sh": "shri", "smt": "shrimati", "mohd": "mohammad", "md": "mohammad", "kr": "kumar",
    "km": "kumari", "मो": "मोहम्मद", "कु": "कुमारी",
}  # fmt: skip
_TITLES = frozenset({"sri", "srimti", "mr", "mrs", "ms", "dr", "dokr", "doktr", "ji"})


class Heard(NamedTuple):
    """A word as it sounds; `other` differs where the script leaves open how it is spelt.

    Of ड़ and ढ़ some make r and others d, and a nasal at the end is written or left out.
    """

    first: str
    other: str


class Span(NamedTuple):
    """The turned keys from `low` up to, and without, `high`."""

    low: str
    high: str


def search_key(*names: str) -> str:
    """Return the key under which a name is found: its words as they sound, '|' between forms.

    Never empty, and never longer than 150 characters a form, of which each name has two at most.
    """
    forms: dict[str, None] = {}
    for name in names:
        heard = [_heard(word) for word in name.split()]
        forms[_form([word.first for word in heard])] = None
        if any(word.first is not word.other for word in heard):
            forms[_form([word.other for word in heard])] = None
    return "|".join(forms)


def spans(typed: str) -> list[Span]:
    """Return where names stand in which the words that somebody typed stand together, best first.

    A turned key is a name read as a ring from one of its words on, so the words may be in any
    order up to three of them. The last word may be unfinished. `Ram Lal` finds `Ramlal` and the
    other way round; a title before a name narrows nothing.
    """
    found: dict[Span, None] = {}
    for words in _typed(typed):
        found[_from(" ".join(words))] = None
        for joined in _joined(words):
            found[_from(" ".join(joined))] = None
    for words in _typed(typed):
        if len(words) <= 2:
            found.update(dict.fromkeys(_whole(" ".join(parted)) for parted in _parted(words)))
        if len(words) <= 3:
            for order in list(permutations(words))[1:]:
                found[_whole(" ".join(order))] = None
    return list(found)[:SPANS]


def apart(typed: str) -> list[list[str]]:
    """Return the words typed, reading by reading: for names in which others stand between them."""
    return [words for words in _typed(typed) if len(words) > 1]


def _from(beginning: str) -> Span:
    return Span(beginning, beginning + "\U0010ffff")


def _whole(words: str) -> Span:
    """Return the span in which the last word is complete: after it comes a space, or nothing."""
    return Span(words, words + "!")


def _typed(typed: str) -> list[list[str]]:
    """Return the words of what somebody typed as they sound; a second reading where one differs."""
    raw = typed.split()[:TYPED_WORDS]
    heard = [
        _heard(word) if place < len(raw) or word.endswith(".") else _unfinished(word)
        for place, word in enumerate(raw, 1)
    ]
    readings = dict.fromkeys(
        tuple(part for word in reading for part in word.split() if part)
        for reading in ([word.first for word in heard], [word.other for word in heard])
    )
    return [_without_titles(list(words)) for words in readings if words]


def _without_titles(words: list[str]) -> list[str]:
    kept = [word for word in words[:-1] if word not in _TITLES] + words[-1:]
    if len(kept) > 1 and kept[-1] in _TITLES:
        del kept[-1]
    return kept[:TYPED_WORDS]


def _joined(words: list[str]) -> list[list[str]]:
    """Return the words with neighbours written together, in every way."""
    if not 1 < len(words) <= 4:
        return []
    gaps = list(product((" ", ""), repeat=len(words) - 1))[1:]
    return ["".join(map("".join, zip(words, [*way, ""], strict=True))).split() for way in gaps]


def _parted(words: list[str]) -> list[list[str]]:
    """Return the words with one of them written apart, where both parts are long enough."""
    return [
        [*words[:place], word[:cut], word[cut:], *words[place + 1 :]]
        for place, word in enumerate(words)
        for cut in range(2, len(word) - 1)
    ]


def _form(words: list[str]) -> str:
    """Put words together, as many as a key has room for."""
    kept = " ".join(words).split()[:WORDS]
    while len(form := " ".join(kept)) > FORM_LENGTH:
        kept.pop()
    return form or NOTHING


@lru_cache(maxsize=262_144)
def _heard(word: str) -> Heard:
    first, other = _heard_as(word, other=False), _heard_as(word, other=True)
    return Heard(first, first if first == other else other)


@lru_cache(maxsize=4_096)
def _unfinished(word: str) -> Heard:
    """Hear a word of which more may follow: no abbreviation is read into it."""
    first = _heard_as(word, other=False, finished=False)
    other = _heard_as(word, other=True, finished=False)
    return Heard(first, other)


def _heard_as(raw: str, *, other: bool, finished: bool = True) -> str:
    letters = unicodedata.normalize("NFKD", raw).casefold().replace("'", "").replace("’", "")
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in letters)
    return " ".join(
        filter(
            None, (_sound(_SHORT.get(w, w) if finished else w, other=other) for w in kept.split())
        )
    )


def _sound(word: str, *, other: bool) -> str:
    """Return how one word sounds, as a second word where it begins with श्री."""
    heard = _from_devanagari(word, other=other)
    for pattern, alike in () if _SCRIPT.search(word) else _LATIN:
        heard = pattern.sub(alike, heard)
    heard = _TWICE.sub(r"\1", heard)
    parts = _SRI.sub("sri ", heard, count=1).split() if heard.startswith("sri") else [heard]
    return " ".join(_plain(part)[:WORD_LENGTH] for part in parts)


def _plain(heard: str) -> str:
    for pattern, alike in _BOTH:
        heard = pattern.sub(alike, heard)
    return heard


def _from_devanagari(word: str, *, other: bool) -> str:
    """Write Devanagari letters in Latin ones; other letters stay, their accents do not."""
    for pattern, said in _CLUSTERS:
        word = pattern.sub(said, word)
    heard, last = [], len(word.rstrip(_NUKTA)) - 1
    for place, letter in enumerate(word):
        after = word[place + 1 : place + 2]
        flapped = letter in _FLAPPED and after == _NUKTA
        if after == _NUKTA:
            after = word[place + 2 : place + 3]
        if letter in _CONSONANTS:
            said = "r" if flapped and not other else _CONSONANTS[letter]
            heard.append(said if after and after in _SIGNS else said + "a")
        elif letter in _NASALS:
            silent = place == last and not other
            heard.append("" if silent else "m" if after and after in _LABIALS else "n")
        elif letter.isdecimal():
            heard.append(digits.plain(letter))
        elif letter in _VOWELS or letter in _SIGNS:
            heard.append(_VOWELS.get(letter, "") or _SIGNS.get(letter, ""))
        elif letter.isalnum():
            heard.append(letter)
    return "".join(heard)
