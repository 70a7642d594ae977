"""Reading one field of a row: what can be mended is mended, what cannot is Unfit. Pure."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

import phonenumbers

from chaupal.directory.models import Reason, Unfit
from chaupal.kit import digits

CODE_LENGTH, NAME_LENGTH, ADDRESS_BYTES, LIST_LENGTH = 100, 300, 255, 4000
# Marks of direction and width that copying leaves behind. ZWJ and ZWNJ stay: they shape Hindi.
INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u2060"))
NOTHING = "-"
MASK = "•"
FIRST_YEAR, LAST_YEAR = 1900, 2199

# Text that is as it should be: in one line, composed, nothing hidden, nothing to be taken off.
# Of Devanagari without the nukta, whose place among the marks has to be put in order.
_LETTERS = r"!-~\u0900-\u093b\u093d-\u0950\u0955-\u0957\u0960-\u097f"
_PLAIN = re.compile(rf"(?!['#])[{_LETTERS}]++(?: [{_LETTERS}]++)*+")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_BROKEN_FORMULA = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
_INDIAN = re.compile(r"\+91\d{10}", re.ASCII)
_INDIAN_AT_HOME = re.compile(r"(?:91|0)?([1-9]\d{9})", re.ASCII)
_EATEN = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_SCIENTIFIC = re.compile(r"\+?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_PHONE_DRESS = re.compile(r"[\s().\-\u2010-\u2015']")
_SHAPES = {
    "email": re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\".]+"),
    "telegram": re.compile(r"-?\d{1,20}|@[A-Za-z]\w{3,31}", re.ASCII),
    "matrix": re.compile(r"[@!][^\s:]+:\S+"),
    "sandbox": re.compile(r"\S+"),
}
_DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})[-/. ]*(?P<month>[^\W\d_][^\d\s./,-]*)[-/., ]*(?P<year>\d{4})"),
)
_CLOCK = re.compile(r"(?<=\d)[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$")
_MONTHS = (
    "jan january जनवरी", "feb february फरवरी", "mar march मार्च", "apr april अप्रैल", "may मई",
    "jun june जून", "jul july जुलाई", "aug august अगस्त", "sep sept september सितंबर सितम्बर",
    "oct october अक्टूबर अक्तूबर", "nov november नवंबर नवम्बर", "dec december दिसंबर दिसम्बर",
)  # fmt: skip
MONTHS = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_CHOICES = {
    "language": {
        "hi": "hi", "hindi": "hi", "हिंदी": "hi", "हिन्दी": "hi",
        "en": "en", "english": "en", "अंग्रेज़ी": "en", "अंग्रेजी": "en",
    },
    "purpose": {
        "internal": "internal", "आंतरिक": "internal", "आन्तरिक": "internal",
        "public": "public", "सार्वजनिक": "public",
    },
    "notice": {
        "yes": "yes", "true": "yes", "1": "yes", "हाँ": "yes", "हां": "yes",
        "no": "no", "false": "no", "0": "no", "नहीं": "no",
    },
    "channel": {name: name for name in ("whatsapp", "telegram", "matrix", "sandbox")},
    "consent_basis": {
        **{name: name for name in ("own_page", "keyword", "button", "desk")},
        "paper": "paper", "काग़ज़": "paper", "कागज": "paper", "कागज़": "paper",
        "membership_form": "membership_form", "membership form": "membership_form",
        "सदस्यता फ़ॉर्म": "membership_form", "सदस्यता फॉर्म": "membership_form",
    },
    "consent_purposes": {
        "messages": "messages", "संदेश": "messages",
        "coordination": "coordination", "समन्वय": "coordination",
    },
    "role": {
        "administrator": "administrator", "admin": "administrator", "प्रशासक": "administrator",
        "coordinator": "coordinator", "संयोजक": "coordinator", "समन्वयक": "coordinator",
        "desk": "desk", "कक्ष": "desk",
        "office_bearer": "office_bearer", "office bearer": "office_bearer",
        "पदाधिकारी": "office_bearer",
    },
}  # fmt: skip
_CHOICES["basis"] = {word: key for word, key in _CHOICES["consent_basis"].items() if key != "desk"}
CHOICES = {
    column: {unicodedata.normalize("NFC", word): key for word, key in words.items()}
    for column, words in _CHOICES.items()
}


def text(written: str, column: str, *, longest: int = NAME_LENGTH) -> str | None:
    """Return a field in one line, composed alike (NFC), or None where it is blank.

    The apostrophe that keeps a spreadsheet from taking text for a formula is taken off.
    """
    if not written:
        return None
    plain = written if _PLAIN.fullmatch(written) else _mended(written, column)
    if len(plain) > longest:
        raise Unfit(Reason.TOO_LONG, column)
    return plain or None


def _mended(written: str, column: str) -> str:
    shown = written[1:] if _ESCAPED.match(written) else written
    plain = " ".join(unicodedata.normalize("NFC", shown).translate(INVISIBLE).split())
    if not plain.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs"} for c in plain):
        raise Unfit(Reason.CONTROL_CHARACTER, column)
    if _BROKEN_FORMULA.fullmatch(plain):
        raise Unfit(Reason.FORMULA_BROKEN, column)
    return plain


def escaped(value: str) -> str:
    """Return a value as a file may hold it, so that no spreadsheet takes it for a formula.

    `text` takes off again what is put here.
    """
    return f"'{value}" if _FORMULA.match(value) else value


def needed(written: str, column: str, *, longest: int = NAME_LENGTH) -> str:
    """Return a field that must not be blank."""
    found = text(written, column, longest=longest)
    if found is None:
        raise Unfit(Reason.MISSING, column)
    return found


def code(written: str, column: str) -> str | None:
    """Return somebody's own code or number with plain digits, or None where it is blank.

    Of 1.23E+15, which a spreadsheet has made of one, nobody can tell the digits any more.
    """
    found = text(written, column, longest=CODE_LENGTH)
    if found is not None and "+" in found and _EATEN.fullmatch(found):
        raise Unfit(Reason.CODE_SCIENTIFIC, column)
    return None if found is None else digits.plain(found)


def needed_code(written: str, column: str) -> str:
    """Return a code that must not be blank."""
    found = code(written, column)
    if found is None:
        raise Unfit(Reason.MISSING, column)
    return found


@lru_cache(maxsize=1024)
def choice(written: str, column: str) -> str | None:
    """Return the key of one of a few words, in either language, or None where it is blank."""
    found = text(written, column)
    if found is None:
        return None
    key = CHOICES[column].get(found.casefold())
    if key is None:
        raise Unfit(Reason.NOT_A_CHOICE, column)
    return key


def listed(written: str, column: str) -> tuple[str, ...] | None:
    """Return the parts between `|`; None where the field is blank, nothing where it is `-`."""
    found = text(written, column, longest=LIST_LENGTH)
    if found is None:
        return None
    if found == NOTHING:
        return ()
    return tuple(dict.fromkeys(part for part in map(str.strip, found.split("|")) if part))


def number(written: str, column: str, *, most: int) -> int | None:
    """Return a whole number, whatever script its digits are in, or None where it is blank."""
    found = text(written, column)
    if found is None:
        return None
    figures = digits.plain(found).replace(",", "").removesuffix(".0")
    if not (figures.isascii() and figures.isdigit()):
        raise Unfit(Reason.NOT_A_NUMBER, column)
    if len(figures) > 12 or int(figures) > most:
        raise Unfit(Reason.OUT_OF_RANGE, column)
    return int(figures)


def day(written: str, column: str) -> date | None:
    """Return a day, or None where it is blank: 2026-01-31, 31/1/2026 or 31 January 2026.

    The day stands before the month, as in India. A year of two digits could be either century.
    """
    found = text(written, column)
    if found is None:
        return None
    plain = _CLOCK.sub("", digits.plain(found).casefold())
    for form in _DATES:
        if parts := form.fullmatch(plain):
            month = parts["month"].replace("\u093c", "")
            return _day(int(parts["year"]), MONTHS.get(month, month), int(parts["day"]), column)
    raise Unfit(Reason.NOT_A_DATE, column)


def _day(year: int, month: int | str, day: int, column: str) -> date:
    try:
        found = date(year, int(month), day)
    except ValueError as error:
        raise Unfit(Reason.NOT_A_DATE, column) from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unfit(Reason.OUT_OF_RANGE, column)
    return found


def phone(written: str, column: str = "phone") -> str | None:
    """Return a number as `+…` (E.164), or None where it is blank.

    Spreadsheets eat the plus or the leading zero, and append `.0`: with 10, 11 or 12 digits
    only one Indian number is meant. They also write 9.19E+11, of which nobody can tell the
    last digits any more: that is refused under its own name. A masked number, as an export
    writes it, says nothing.
    """
    found = text(written, column)
    if found is None:
        return None
    if _INDIAN.fullmatch(found):
        return found
    if at_home := _INDIAN_AT_HOME.fullmatch(found):
        return f"+91{at_home[1]}"
    if MASK in found:
        return None
    plain = digits.plain(found)
    if _SCIENTIFIC.fullmatch(plain.replace(" ", "")):
        raise Unfit(Reason.PHONE_SCIENTIFIC, column)
    plain = _with_country(_PHONE_DRESS.sub("", plain.removesuffix(".0")), column)
    try:
        parsed = phonenumbers.parse(plain)
    except phonenumbers.NumberParseException as error:
        raise Unfit(Reason.PHONE_MALFORMED, column) from error
    if not phonenumbers.is_possible_number(parsed):
        raise Unfit(Reason.PHONE_MALFORMED, column)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _with_country(plain: str, column: str) -> str:
    sign, figures = ("+", plain[1:]) if plain.startswith("+") else ("", plain)
    if not (figures.isascii() and figures.isdigit()):
        raise Unfit(Reason.PHONE_MALFORMED, column)
    if sign:
        return plain
    match len(figures):
        case 10 if not figures.startswith("0"):
            return f"+91{figures}"
        case 11 if figures.startswith("0") and not figures.startswith("00"):
            return f"+91{figures[1:]}"
        case 12 if figures.startswith("91"):
            return f"+{figures}"
        case _ if figures.startswith("00"):
            return f"+{figures[2:]}"
        case _:
            raise Unfit(Reason.PHONE_MALFORMED, column)


def address(written: str, column: str, channel: str) -> str | None:
    """Return an address in a chat service, or None where the field is blank."""
    found = text(written, column)
    if found is None:
        return None
    if MASK in found:
        return None
    if channel == "telegram":
        found = digits.plain(found)
    elif channel == "email":  # nobody has two that differ in capitals alone
        found = found.casefold()
    if not _SHAPES[channel].fullmatch(found):
        raise Unfit(Reason.MALFORMED, column)
    if len(found.encode()) > ADDRESS_BYTES:
        raise Unfit(Reason.TOO_LONG, column)
    return found
