"""From a file's own headings to our columns: the usual ones are known, forbidden ones never. Pure.

A column that tells of religion, caste, a vote or an identity card stops the whole file, whatever
is to be done with that column.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from chaupal.directory import usual
from chaupal.directory.fields import INVISIBLE
from chaupal.directory.forbidden import is_doubtful, is_forbidden
from chaupal.directory.models import COLUMNS, Columns, Heading, Kind
from chaupal.kit.refusals import Invalid

MOST_COLUMNS = 100
IGNORED = "-"


def columns(
    headings: Sequence[str], kind: Kind, mapping: Mapping[str, str] | None = None
) -> list[str | None]:
    """Return the column of ours that each heading stands for, or None where it is left out.

    `mapping` goes from headings to columns, or to `-` for what is left out; headings that it
    does not name are our own or usual ones. Refused: headings that are forbidden, that nobody
    knows, that mean a column twice; columns that are missing.
    """
    shown = suggested(headings, kind, mapping)
    expected = COLUMNS[kind]
    if not expected.known.intersection(heading.column or "" for heading in shown):
        raise Invalid("import.missing_column", column=expected.first)  # its words may be people's
    found: list[str | None] = []
    for number, heading in enumerate(shown, 1):
        if heading.column is None:
            called = sayable(heading.written, number)
            if is_doubtful(heading.written):
                raise Invalid("import.doubtful_column", column=called)
            raise Invalid("import.unknown_column", column=called)
        column = None if heading.column == IGNORED else heading.column
        if column is not None and column in found:
            raise Invalid("import.repeated_column", column=column)
        found.append(column)
    for column in missing(found, expected):
        raise Invalid("import.missing_column", column=column)
    return found


def suggested(
    headings: Sequence[str], kind: Kind, mapping: Mapping[str, str] | None = None
) -> list[Heading]:
    """Say of each heading which column it seems to be: a name, `-` for none, None for a riddle.

    What is ours by name, or given by `mapping`, goes before what only sounds like it. Of two
    headings that sound like one column neither is guessed.
    """
    if len(headings) > MOST_COLUMNS:
        raise Invalid("import.too_many_columns", most=MOST_COLUMNS)
    refuse_forbidden(headings)
    given = _given(headings, COLUMNS[kind], mapping or {})
    sure = [_sure(plain(written), kind, given) for written in headings]
    heard = [
        None if known else _heard(written, kind)
        for written, known in zip(headings, sure, strict=True)
    ]
    guesses = [
        guess if guess == IGNORED or (guess not in sure and heard.count(guess) == 1) else None
        for guess in heard
    ]
    return [
        Heading(written, known or guess)
        for written, known, guess in zip(headings, sure, guesses, strict=True)
    ]


def missing(found: Sequence[str | None], expected: Columns) -> list[str]:
    """Return the columns that a file lacks; of those of which one is enough, the first."""
    lacking = [column for column in expected.needed if column not in found]
    if expected.one_of and not set(expected.one_of).intersection(found):
        lacking.append(expected.one_of[0])
    return lacking


def refuse_forbidden(headings: Sequence[str]) -> None:
    """Refuse a file with a column that an organisation may not keep."""
    for number, written in enumerate(headings, 1):
        if is_forbidden(written):
            raise Invalid("import.forbidden_column", column=sayable(written, number))


def plain(written: str) -> str:
    """Return a heading as our own columns are written: small letters, one line, underscores."""
    composed = unicodedata.normalize("NFC", written).translate(INVISIBLE)
    return "_".join(composed.casefold().split())


def sayable(written: str, number: int) -> str:
    """Name a column, unless its heading looks like a value, as in a file without a header."""
    shown = " ".join(written.translate(INVISIBLE).split())
    simple = all(unicodedata.category(letter)[0] in "LMZP" for letter in shown)
    return shown if shown and simple and len(shown) <= 40 else f"no. {number}"


def _given(
    headings: Sequence[str], expected: Columns, mapping: Mapping[str, str]
) -> Mapping[str, str]:
    present = {plain(written) for written in headings}
    given = {plain(written): plain(column) for written, column in mapping.items()}
    for number, (written, column) in enumerate(given.items(), 1):
        if written not in present:
            raise Invalid("import.heading_absent", heading=sayable(written, number))
        if column != IGNORED and column not in expected.known:
            raise Invalid("import.column_absent", column=sayable(column, number))
    return given


def _sure(name: str, kind: Kind, given: Mapping[str, str]) -> str | None:
    if name in given:
        return given[name]
    if name in COLUMNS[kind].known:
        return name
    return None if name else IGNORED


def _heard(written: str, kind: Kind) -> str | None:
    return _usual(kind).get(_letters(written))


@cache
def _usual(kind: Kind) -> Mapping[str, str]:
    known = {_letters(word): IGNORED for word in usual.SERIAL_NUMBERS}
    for column, words in usual.HEADINGS[kind].items():
        if column in COLUMNS[kind].known:
            known.update({_letters(word): column for word in (column, *words)})
    return known


def _letters(written: str) -> str:
    """Return what of a heading is letters and digits, as one word, however it is spelt."""
    alike = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", written).casefold())
    kept = "".join(letter for letter in alike if unicodedata.category(letter)[0] in "LMN")
    return kept.replace("\u093c", "").replace("\u0901", "\u0902")
