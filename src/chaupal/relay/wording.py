"""What we write to an admin who has something to post: short, in their language, with the link."""

from collections.abc import Sequence

LINKS_LIMIT = 10

_TOLD = {
    "hi": "{organisation}: आपके समूह में डालने के लिए एक संदेश है। खोलिए और समूह में साझा कीजिए:",
    "en": "{organisation}: there is a message to post in your group. Open it and share it there:",
}
_REMINDED = {
    "hi": "{organisation}: याद दिला रहे हैं, यह संदेश अब तक समूह में नहीं डला है:",
    "en": "{organisation}: a reminder, this message is not in the group yet:",
}
_RECALLED = {
    "hi": "{organisation}: यह संदेश वापस लिया गया है। समूह में डाला हो तो मिटा दीजिए, और यहाँ बताइए:",
    "en": "{organisation}: this message is withdrawn. If you posted it, delete it. Tell us here:",
}
_OWN = {
    "hi": "यह सब बंद करने के लिए STOP लिखिए, या यहाँ: {url}",
    "en": "To stop all this write STOP, or here: {url}",
}
_MORE = {"hi": "और {more} इसी पन्ने पर।", "en": "And {more} more on the same page."}


def telling(
    organisation: str,
    tasks: Sequence[tuple[str, str]],
    *,
    own_url: str,
    language: str,
    reminder: bool,
    recalled: bool = False,
) -> str:
    """Return one message for all of a person's tasks: (group name, link) each.

    `own_url` opens their own page: stopping is as easy as reading (DPDP Act 2023, s.6(4)).
    """
    said = _RECALLED if recalled else _REMINDED if reminder else _TOLD
    opening = said[language].format(organisation=organisation)
    lines = [opening]
    for group_name, url in tasks[:LINKS_LIMIT]:
        lines += ["", group_name, url]
    if len(tasks) > LINKS_LIMIT:
        lines += ["", _MORE[language].format(more=len(tasks) - LINKS_LIMIT)]
    lines += ["", _OWN[language].format(url=own_url)]
    return "\n".join(lines)
