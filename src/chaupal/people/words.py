"""Words by which somebody stops what we send them, or lets it begin again. Pure."""

import re
import unicodedata

from chaupal.people.models import Word

LONGEST = 40

_STOP = (
    "stop|stop all|stopall|stop it|please stop|pls stop|stop please|unsubscribe|unsub|opt out"
    "|optout|cancel|end|quit|revoke|remove me|stop karo|stop kro"
    "|band|bandh|band karo|band kro|band kare|band karen|band kar do|bandh karo|roko|roke|ruko"
    "|rok do|mat bhejo|mat bheje|mat bhejen|nahi chahiye|nahin chahiye|hatao|hata do"
    "|बंद|बन्द|बंद करो|बन्द करो|बंद करें|बन्द करें|बंद करे|बंद कर दो|बंद कीजिए|बंद कीजिये"
    "|रोको|रोकें|रोके|रोक दो|रोकिए|रोकिये|रुको|स्टॉप|स्टाप"
    "|मत भेजो|मत भेजें|मत भेजिए|मत भेजिये|नहीं चाहिए|नही चाहिए|हटाओ|हटा दो|हटाएँ"
)
_START = (
    "start|unstop|subscribe|resume|opt in|optin|start karo|start kro"
    "|shuru|shuru karo|shuru kro|shuru kare|shuru karen|suru|suru karo"
    "|chalu|chaloo|chalu karo|chalu kro"
    "|शुरू|शुरु|शुरू करो|शुरु करो|शुरू करें|शुरु करें|शुरू कीजिए|शुरू कर दो"
    "|चालू|चालु|चालू करो|चालु करो|चालू करें|स्टार्ट|फिर भेजो|फिर से भेजो"
)
_BETWEEN = re.compile(r"[\s\-_]+")


def spoken(text: str) -> Word | None:
    """Return what a whole message means, or None: a word inside a sentence means nothing here.

    Case, marks around it, nukta and chandrabindu make no difference.
    """
    if len(text) > LONGEST:
        return None
    plain = _plain(text)
    if plain in STOP:
        return Word.STOP
    return Word.START if plain in START else None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = unicodedata.normalize("NFD", folded).replace("\u093c", "").replace("\u0901", "\u0902")
    kept = "".join(
        letter if unicodedata.category(letter)[0] in "LMN" or letter in "-_" else " "
        for letter in letters
        if letter not in "\u200b\u200c\u200d\ufe0f"
    )
    return _BETWEEN.sub(" ", kept).strip()


STOP = frozenset(map(_plain, _STOP.split("|")))
START = frozenset(map(_plain, _START.split("|")))
