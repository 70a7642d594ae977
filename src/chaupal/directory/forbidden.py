"""Headings of what an organisation may not keep of people: religion, caste, a vote, an identity
card. Pure.

In the spellings that files use, in Hindi, Hinglish and English. A word in any place of a heading is
enough. What could mean such a thing or another is doubtful: it is never guessed, and asked about.
"""

import re
import unicodedata

# The nukta is taken off before. Longer ones are found with their endings too: castes, electoral.
SPELT = """
    religion religious relgion caste cast subcaste jati jaati jaat upjati
    upjaati janjati gotra gotr biradari biradri baradari biraadari dharm
    dharma dharam mazhab majhab sampraday sampradaya panth sect creed minority
    tribe tribal ethnic varna backward reservation aarakshan
    arakshan anusuchit pichhda pichda khap kaum qaum obc scst scstobc genobc
    ebc mbc sebc ews vote voter voterid votercard elector electoral epic
    epicno epicnumber matdata aadhaar aadhar adhaar adhar uidai samaj samaaj
    जाति जाती जात उपजाति उपजाती जनजाति गोत्र धर्म धरम मजहब संप्रदाय सम्प्रदाय
    पंथ अल्पसंख्यक समाज बिरादरी बिरादरि कौम खाप वर्ण अनुसूचित पिछडा पिछडी
    आरक्षण आरक्षित ओबीसी एससी एसटी मतदाता वोट वोटर निर्वाचक एपिक इपिक ईपिक
    आधार
"""
# Words that are such a thing only where they stand alone, or together: SC/ST, S.C., ST.
TOGETHER = frozenset({"sc", "st", "bc", "gen", "general", "other"})
TELLING = frozenset({"sc", "st", "bc"})
# What begins like one of them and is none.
HARMLESS = (
    "समाज सेवा", "समाज सेवी", "समाज सेवक", "समाज कार्य", "समाज कल्याण", "samaj seva", "samaj sevi",
    "samaj sevak", "samajsevi", "samajwadi", "सहमति का आधार", "सहमति आधार", "sahmati ka aadhar",
)  # fmt: skip
DOUBTFUL = frozenset({
    "community", "communities", "samuday", "samudaay", "समुदाय", "category", "varg", "shreni", "वर्ग",
    "श्रेणी",
})  # fmt: skip
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def is_forbidden(heading: str) -> bool:
    """Say whether a column of this name tells of religion, caste, a vote or an identity card."""
    said = " ".join(_words(heading))
    for phrase in _HARMLESS:
        said = said.replace(phrase, " ")
    words = said.split()
    if any(word in _STEMS for word in words) or _are_initials(words):
        return True
    return any(len(stem) >= 5 and word.startswith(stem) for word in words for stem in _LONG)


def is_doubtful(heading: str) -> bool:
    """Say whether a column of this name may tell of caste, and may as well be something else.

    A community is one of WhatsApp's or one of people; a category is ours or the state's.
    """
    return any(word in _DOUBTFUL for word in _words(heading))


def _are_initials(words: list[str]) -> bool:
    """Say whether a heading is nothing but SC, ST and the like, with points or without."""
    if words and all(len(word) == 1 for word in words):
        return "".join(words) in {"sc", "st", "obc", "scst", "bc"}
    return bool(words) and TOGETHER.issuperset(words) and not TELLING.isdisjoint(words)


def _words(heading: str) -> list[str]:
    return _plain(_WORDS.sub(" ", unicodedata.normalize("NFKC", heading))).split()


def _plain(written: str) -> str:
    letters = unicodedata.normalize("NFD", written.casefold()).replace("\u093c", "")
    return "".join(letter if unicodedata.category(letter)[0] in "LM" else " " for letter in letters)


_STEMS = frozenset(map(_plain, SPELT.split()))
# Not with any ending: Samajwadi is a party, votes are cast.
_LONG = tuple(stem for stem in _STEMS if stem != "samaj")
_HARMLESS = tuple(map(_plain, HARMLESS))
_DOUBTFUL = frozenset(map(_plain, DOUBTFUL))
