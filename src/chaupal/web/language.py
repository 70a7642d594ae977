"""Numbers, times and sentences the way a reader of Hindi or of Indian English writes them."""

import gettext
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language: TypeAlias = Literal["hi", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
INDIA = ZoneInfo("Asia/Kolkata")


@lru_cache
def translations(language: Language) -> gettext.NullTranslations:
    """Return the sentences of `language`. English is what the code says, so it needs no file."""
    if language == "en":
        return gettext.NullTranslations()
    source = resources.files("chaupal.web") / "locale" / language / "LC_MESSAGES" / "chaupal.po"
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def number(value: int) -> str:
    """Group by lakh and crore: 1,00,000. Western digits, which phones and forms take."""
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    head, tail = digits[:-3], digits[-3:]
    while head:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return sign + tail


def size(length: int) -> str:
    """Say how large a file is, as file managers do."""
    for unit in ("B", "kB", "MB"):
        if length < 1000:
            return f"{length}\N{NO-BREAK SPACE}{unit}"
        length = -(-length // 1000)
    return f"{length}\N{NO-BREAK SPACE}GB"


def percent(part: int, whole: int) -> str:
    """Say what share of `whole` is `part`, never rounded up: 100 % is everybody."""
    if whole == 0:
        return "–"
    tenths = part * 1000 // whole
    exact = f"{tenths // 10}.{tenths % 10}" if tenths % 10 else f"{tenths // 10}"
    return f"{exact}\N{NO-BREAK SPACE}%"


def moment(at: datetime, now: datetime, language: Language) -> str:
    """Name a moment by the clock in India, with no more of the date than is needed."""
    local, today = at.astimezone(INDIA), now.astimezone(INDIA).date()
    time = clock(at)
    gettext = translations(language).gettext
    if local.date() == today:
        return gettext("today %(time)s") % {"time": time}
    if local.date() == today - timedelta(days=1):
        return gettext("yesterday %(time)s") % {"time": time}
    return dated(at, now, language)


def dated(at: datetime, now: datetime, language: Language) -> str:
    """Name a moment by its date always: in Hindi one word says both yesterday and tomorrow, and
    what the law or an author fixed is read before it comes as well as after."""
    local, this_year = at.astimezone(INDIA), now.astimezone(INDIA).year
    pattern = "d MMMM" if local.year == this_year else "d MMMM y"
    return f"{format_datetime(local, pattern, locale=language)} {clock(at)}"


def day(on: date, language: Language) -> str:
    """Name a day in full, which a term or a tree of many years needs; of a moment, India's day."""
    if isinstance(on, datetime):
        on = on.astimezone(INDIA).date()
    return format_date(on, "d MMMM y", locale=language)


def clock(at: datetime) -> str:
    """Show the time of day in India."""
    return f"{at.astimezone(INDIA):%H:%M}"


def ago(at: datetime, now: datetime, language: Language) -> str:
    """Say how long ago `at` was, in its largest whole unit."""
    seconds = max(0, int((now - at).total_seconds()))
    ngettext = translations(language).ngettext
    if seconds < 10:
        return translations(language).gettext("just now")
    if seconds < 60:
        words, count = ngettext("%(num)s second ago", "%(num)s seconds ago", seconds), seconds
    elif seconds < 3600:
        count = seconds // 60
        words = ngettext("%(num)s minute ago", "%(num)s minutes ago", count)
    elif seconds < 86400:
        count = seconds // 3600
        words = ngettext("%(num)s hour ago", "%(num)s hours ago", count)
    else:
        count = seconds // 86400
        words = ngettext("%(num)s day ago", "%(num)s days ago", count)
    return words % {"num": number(count)}


def duration(length: timedelta | float, language: Language) -> str:
    """Say how long something takes, in two units at most."""
    total = length.total_seconds() if isinstance(length, timedelta) else length
    gettext = translations(language).gettext
    if total < 10:
        return gettext("%(seconds)s s") % {"seconds": f"{total:.1f}".removesuffix(".0")}
    minutes, seconds = divmod(int(total), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        words = gettext("%(hours)s h %(minutes)s min") if minutes else gettext("%(hours)s h")
    elif minutes:
        words = gettext("%(minutes)s min %(seconds)s s") if seconds else gettext("%(minutes)s min")
    else:
        words = gettext("%(seconds)s s")
    return words % {"hours": number(hours), "minutes": minutes, "seconds": seconds}
