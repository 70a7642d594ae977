"""What the console says, in both languages."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from chaupal.web.words import refusal_words

Language: TypeAlias = Literal["hi", "en"]

# English, Hindi: what happened, and what to do.
REFUSALS: Mapping[str, tuple[str, str]] = {
    "console.organisation_missing": (
        "There is no organisation yet. Make one with `chaupal organisation create`.",
        "अभी कोई संगठन नहीं है। `chaupal organisation create` से बनाइए।",
    ),
    "console.which_organisation": (
        "There are several organisations: {slugs}. Say which with --organisation.",
        "कई संगठन हैं: {slugs}। --organisation से बताइए कौन-सा।",
    ),
    "console.file_unreadable": (
        "The file given as {name} cannot be read. Check the path and its rights.",
        "{name} में दी गई फ़ाइल पढ़ी नहीं जा सकी। पथ और अधिकार जाँचिए।",
    ),
    "console.file_unwritable": (
        "The file given as {name} cannot be written. Check the folder and its rights.",
        "{name} में दी गई फ़ाइल लिखी नहीं जा सकी। फ़ोल्डर और अधिकार जाँचिए।",
    ),
    "console.map_malformed": (
        "A mapping is written HEADING=column, such as --map 'Mobile No.=phone', or HEADING=- .",
        "ऐसे लिखिए: --map 'मोबाइल नं=phone', और छोड़ने के लिए --map 'टिप्पणी=-'।",
    ),
    "console.level_malformed": (
        "A level is written key:हिन्दी:English, such as district:ज़िला:District.",
        "स्तर ऐसे लिखिए key:हिन्दी:English, जैसे district:ज़िला:District।",
    ),
    "console.json_malformed": (
        "What {name} holds is not JSON of at most 256 KB. docs/api.md has an example.",
        "{name} में जो है वह JSON नहीं है, या 256 KB से बड़ा है। उदाहरण docs/api.md में है।",
    ),
    "console.broadcast_malformed": (
        "This is no broadcast as the API takes it; look at: {where}. docs/api.md has an example.",
        "प्रसारण ऐसे नहीं लिखा जाता; यहाँ देखिए: {where}। उदाहरण docs/api.md में है।",
    ),
    "console.key_malformed": (
        "A --key has {least} to {most} letters.",
        "--key में {least} से {most} अक्षर होते हैं।",
    ),
    "console.port_taken": (
        "Port {port} is taken. Free it, or name another one with {name}.",
        "पोर्ट {port} पहले से व्यस्त है। उसे ख़ाली कीजिए, या {name} से दूसरा बताइए।",
    ),
    "console.not_migrated": (
        "The database lacks {count} migrations. Run `chaupal migrate`.",
        "डेटाबेस में {count} माइग्रेशन बाक़ी हैं। `chaupal migrate` चलाइए।",
    ),
    "console.owner_missing": (
        "The database's owner is not known. Set DATABASE_OWNER_URL and run this again.",
        "डेटाबेस के स्वामी का पता नहीं। DATABASE_OWNER_URL देकर फिर चलाइए।",
    ),
}


def told(words: tuple[str, str], language: Language) -> str:
    """Choose from English and Hindi."""
    return words[language == "hi"]


def refusal(code: str, facts: Mapping[str, object], language: Language) -> str:
    """Say in a line what the rules did not allow, and what to do."""
    if code in REFUSALS:
        return told(REFUSALS[code], language).format(**facts)
    words = refusal_words(code, facts, language)
    return f"{words.title}. {words.what} {words.mend}"
