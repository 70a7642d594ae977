"""The roster's units, people and groups as rows that the directory can load."""

from collections.abc import Iterator
from datetime import date

from chaupal.directory import Consent, GroupRow, PersonRow, PostRow, UnitRow
from chaupal.kit.ids import new_id
from chaupal.rehearsal import roster

POSTS_SINCE = date(2026, 1, 1)
NOTICE = "2026-01"


class Rows:
    """One organisation's rows. Units come first: the others name them by code."""

    def __init__(self, source: roster.Organisation, senders: list[str]) -> None:
        self._source = source
        self._senders = senders
        self._codes = [""]

    def units(self) -> Iterator[UnitRow]:
        """Yield the tree, parents before their children."""
        keys = {level.rank: level.key for level in self._source.levels}
        for unit in self._source.units():
            self._codes.append(unit.code)
            parent = self._codes[unit.parent] if unit.parent else None
            yield UnitRow(unit.code, parent, keys[unit.rank], unit.name_hi, unit.name_en)

    def people(self) -> Iterator[PersonRow]:
        """Yield the people, each with an address in the sandbox."""
        for person in self._source.people():
            yield PersonRow(
                reference=_reference(person.number),
                unit_code=self._codes[person.unit],
                name=person.name,
                language=person.language,
                phone=person.phone,
                sandbox=person.chat,
                consent=Consent(person.basis, "rehearsal", NOTICE),
            )

    def groups(self) -> Iterator[GroupRow]:
        """Yield the groups."""
        for group in self._source.groups():
            yield GroupRow(
                address=group.address,
                unit_code=self._codes[group.unit],
                name=group.name,
                purpose=group.purpose,
                channel=group.channel,
                sender=None if group.sender is None else self._senders[group.sender],
                language=group.language,
                size=group.size,
                categories=group.categories,
                admins=tuple(map(_reference, group.admins)),
                notice=True,
            )

    def posts(self) -> Iterator[PostRow]:
        """Yield the posts that people hold."""
        for person in self._source.people():
            for post in person.posts:
                yield PostRow(
                    new_id(),
                    self._codes[post.unit],
                    _reference(person.number),
                    post.role,
                    post.title_hi,
                    post.title_en,
                    POSTS_SINCE,
                )


def _reference(number: int) -> str:
    return f"P{number}"
