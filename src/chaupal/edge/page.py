"""The edge's few pages for people: small, whole in one answer, in their language."""

from dataclasses import dataclass
from html import escape
from itertools import chain

from chaupal.relay.models import LinkPage

STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0 auto;max-width:34rem;padding:1.25rem 1rem 3rem;line-height:1.65;"
    "font-family:'Noto Sans Devanagari','Noto Sans',system-ui,sans-serif;font-size:1.0625rem;"
    "color:#22201c;background:#fbfaf7;overflow-wrap:anywhere}"
    "h1{font-size:1.3rem;line-height:1.4;margin:.2rem 0 1rem}"
    "h2{font-size:1rem;margin:2.5rem 0 .3rem}"
    ".soft{color:#6a655b;font-size:.9375rem;margin:0}"
    ".text{white-space:pre-line;border-top:1px solid #ddd8cc;border-bottom:1px solid #ddd8cc;"
    "padding:1rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#e9e5db;background:#191815}"
    ".soft{color:#a39d90}.text{border-color:#38352f}}"
)


@dataclass(frozen=True, slots=True)
class Saying:
    """A title and what follows it, in one language."""

    title: str
    lines: tuple[str, ...]


NOT_FOUND = {
    "hi": Saying(
        "यह लिंक पूरा नहीं है",
        ("इसका कोई हिस्सा रास्ते में छूट गया है।", "समूह के संदेश से ही इसे दोबारा खोलिए।"),
    ),
    "en": Saying(
        "This link is not whole",
        ("Part of it was lost on the way.", "Open it again from the message in your group."),
    ),
}
AWAY = {
    "hi": Saying("अभी नहीं खुल रहा है", ("हमारी ओर कुछ ठीक नहीं है।", "एक मिनट बाद फिर खोलिए।")),
    "en": Saying(
        "It does not open just now", ("Something is wrong on our side.", "Try again in a minute.")
    ),
}
REFUSED = {
    "hi": Saying("यह नहीं हो सका", ("यह पता इस तरह नहीं खुलता।",)),
    "en": Saying("That did not work", ("This address does not open that way.",)),
}
ARRIVED = {
    "hi": Saying(
        "धन्यवाद",
        (
            "आपके समूह तक संदेश पहुँच गया है।",
            "पाठ अभी नहीं दिख रहा; थोड़ी देर में फिर खोलिए।",
        ),
    ),
    "en": Saying(
        "Thank you",
        (
            "Your group has this message.",
            "Its text does not show just now; open it again later.",
        ),
    ),
}
WITHDRAWN = {
    "hi": Saying("यह संदेश वापस ले लिया गया है", ("कृपया इसे आगे न भेजें।",)),
    "en": Saying("This message was withdrawn", ("Please do not pass it on.",)),
}
STILL = {
    "hi": Saying(
        "अभी यह नहीं दिखाया जा सकता", ("इस इलाक़े में अभी रोक या मौन अवधि है।", "बाद में फिर खोलिए।")
    ),
    "en": Saying(
        "This cannot be shown just now",
        ("There is a stop or a silence in this area at present.", "Open it again later."),
    ),
}
STOP = {
    "hi": Saying(
        "यदि आपको ये संदेश नहीं चाहिए",
        (
            "समूह छोड़ दीजिए, या उसके किसी भी एडमिन से कह दीजिए। कोई कारण नहीं पूछेगा।",
            "यह पन्ना नहीं जानता कि आप कौन हैं। यह सिर्फ़ गिनता है कि इस समूह तक संदेश पहुँचा।",
        ),
    ),
    "en": Saying(
        "If you do not want these messages",
        (
            "Leave the group, or tell any of its admins. Nobody will ask you why.",
            "This page does not know who you are. It only counts that this group has the message.",
        ),
    ),
}


def message(page: LinkPage) -> bytes:
    """Return what a group's link shows: who wrote, what, and how to stop."""
    if page.withdrawn or page.still:
        said = (WITHDRAWN if page.withdrawn else STILL)[page.language]
        body = _heading(said.title, page.organisation_name) + _paragraphs(said.lines)
        return _document(page.language, said.title, body)
    stop = STOP[page.language]
    body = (
        _heading(page.title, page.organisation_name)
        + f'<div class="text">{escape(page.text)}</div>'
        + f"<h2>{escape(stop.title)}</h2>"
        + _paragraphs(stop.lines)
    )
    return _document(page.language, page.title, body)


def both(said: dict[str, Saying]) -> bytes:
    """Return a page in Hindi and English, for readers of whom we know no language."""
    body = "".join(
        f'<section lang="{language}"><h1>{escape(s.title)}</h1>{_paragraphs(s.lines)}</section>'
        for language, s in said.items()
    )
    return _document("hi", " · ".join(s.title for s in said.values()), body)


def _heading(title: str, organisation_name: str) -> str:
    return f'<p class="soft">{escape(organisation_name)}</p><h1>{escape(title)}</h1>'


def _paragraphs(lines: tuple[str, ...]) -> str:
    return "".join(chain.from_iterable(("<p>", escape(line), "</p>") for line in lines))


def _document(language: str, title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>"
    ).encode()
