"""Looking for people, groups and units within a Scope: by what they are called, or exactly."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chaupal.directory import fields
from chaupal.directory.models import Unfit
from chaupal.directory.search import queries
from chaupal.directory.search.models import (
    HITS_SHOWN,
    TYPED_LENGTH,
    Found,
    Further,
    Hit,
    Page,
    Searched,
    turns,
)
from chaupal.directory.search.queries import Entry, Reach
from chaupal.groups.models import GroupChannel
from chaupal.kit import db, digits
from chaupal.kit.runtime import Runtime
from chaupal.kit.sound import Span, apart, spans
from chaupal.organisations.models import Scope
from chaupal.people import ContactChannel, contact_context

# Up to so many people and groups a scope is walked through rather than looked up in: 30 ms at most.
WALKED = 10_000
# A name has an entry for each word and spelling; some entries are of what is no longer shown.
READ_PER_HIT = 3
ROUNDS = 20
APART_LOOKED_AT = 20_000
EXACT_CHANNELS = (ContactChannel.EMAIL, ContactChannel.TELEGRAM, ContactChannel.MATRIX)

_Reader = Callable[..., Awaitable[list[Entry]]]
_SUBJECTS = {
    Searched.PERSON: queries.people,
    Searched.GROUP: queries.groups,
    Searched.UNIT: queries.units,
}


@dataclass(frozen=True, slots=True)
class _Quest:
    """One kind, looked for once: what was typed, where it would stand, and how far one sees."""

    kind: Searched
    typed: str
    spans: list[Span]
    scope: Scope
    reach: Reach
    limit: int

    @property
    def entries(self) -> int:
        """Return how many entries are read at once."""
        return (self.limit + 1) * READ_PER_HIT

    def reader(self) -> _Reader:
        """Choose the way to the entries that is fast for what somebody sees."""
        if self.reach.everything:
            return queries.entries_everywhere
        return queries.entries_walked if self.is_walked else queries.entries_within

    @property
    def is_walked(self) -> bool:
        """Say whether somebody sees so little that all of it can be looked at."""
        return not self.reach.everything and self.reach.subjects <= WALKED

    def first(self, hit: Hit) -> tuple[int, str] | None:
        """Return the best place of a name among the spans: where it is shown, and nowhere else."""
        places = (
            (turn, key)
            for key in turns(hit.search_key)
            for turn, span in enumerate(self.spans)
            if span.low <= key < span.high
        )
        return min(places, default=None)

    async def subjects(self, conn: db.Conn, entries: Sequence[Entry]) -> dict[object, Hit]:
        """Return what may be shown of what these entries stand for, by id."""
        ids = list(dict.fromkeys(entry.subject_id for entry in entries))
        found = await _SUBJECTS[self.kind](conn, ids, scope=self.scope) if ids else []
        return {hit.id: hit for hit in found}


async def search(
    rt: Runtime,
    conn: db.Conn,
    typed: str,
    *,
    scope: Scope,
    kinds: Sequence[Searched] = tuple(Searched),
    after: Further | None = None,
    limit: int = HITS_SHOWN,
) -> Found:
    """Return what somebody may see of what they typed, best first, a page of each kind.

    First comes what was typed letter by letter (a reference, an address, a code), then names
    that begin with it, then names that hold it. With `after`, only the names behind it.
    """
    typed = " ".join(typed[:TYPED_LENGTH].replace("\0", " ").split())
    if not typed or not scope.paths():
        return Found({}, {})
    reach = await queries.reach(conn, scope=scope)
    exact = {} if after else await _exact(rt, conn, typed, kinds, scope)
    asked = spans(typed)
    pages = {
        kind: await _page(conn, _Quest(kind, typed, asked, scope, reach, limit), after)
        for kind in kinds
    }
    return Found(
        {kind: hits for kind, hits in exact.items() if hits},
        {kind: _without(page, exact.get(kind, [])) for kind, page in pages.items()},
    )


def _without(page: Page, exact: list[Hit]) -> Page:
    shown = {hit.id for hit in exact}
    return Page([hit for hit in page.hits if hit.id not in shown], page.further)


async def _exact(
    rt: Runtime, conn: db.Conn, typed: str, kinds: Sequence[Searched], scope: Scope
) -> dict[Searched, list[Hit]]:
    """Find what has exactly this reference, address or code; addresses by their digest alone."""
    written = list(dict.fromkeys(digits.spellings(typed) + digits.spellings(typed.upper())))
    found: dict[Searched, list[Hit]] = {}
    for kind in kinds:  # three
        if kind is Searched.PERSON:
            channels, lookups = _lookups(rt, typed, scope)
            subjects = await queries.people_referred(conn, written, channels, lookups)
        elif kind is Searched.GROUP:
            channels = [channel.value for channel in GroupChannel]
            subjects = await queries.groups_addressed(conn, digits.spellings(typed), channels)
        else:
            subjects = await queries.units_coded(conn, written)
        if subjects:
            ids = [subject.id for subject in subjects]
            found[kind] = await _SUBJECTS[kind](conn, ids, scope=scope)
    return found


def _lookups(rt: Runtime, typed: str, scope: Scope) -> tuple[list[str], list[bytes]]:
    """Return under which digests somebody stands whose address was typed."""
    addresses: dict[ContactChannel, str] = {}
    for channel in EXACT_CHANNELS:
        with suppress(Unfit):  # no such address, so a name or something else
            addresses[channel] = fields.address(typed, channel, channel) or typed
    with suppress(Unfit):
        addresses[ContactChannel.PHONE] = fields.phone(typed) or typed
    return [channel.value for channel in addresses], [
        rt.sealer.lookup(address, contact_context(scope.organisation, channel))
        for channel, address in addresses.items()
    ]


async def _page(conn: db.Conn, quest: _Quest, after: Further | None) -> Page:
    """Read entries until a page is full, each subject where it stands first and nowhere else."""
    found: list[tuple[Entry, Hit]] = []
    at = after
    for _ in range(ROUNDS):
        entries = await _read(conn, quest, at)
        subjects = await quest.subjects(conn, entries)
        for entry in entries:
            hit = subjects.get(entry.subject_id)
            if hit is not None and quest.first(hit) == (entry.turn, entry.key):
                if len(found) == quest.limit:
                    return Page(_in_order(found), at)
                found.append((entry, hit))
            at = Further(entry.turn, entry.key, entry.subject_id)
        if len(entries) < quest.entries:
            break
    hits = _in_order(found)
    if after is None and len(hits) < quest.limit:
        hits += await _apart(conn, quest, quest.limit - len(hits))
    return Page(hits)


def _in_order(found: list[tuple[Entry, Hit]]) -> list[Hit]:
    """Put names that read as typed before those that only do so when turned."""
    best = sorted(
        found, key=lambda pair: (pair[0].turn, pair[0].key, not _reads_so(pair[1], pair[0]))
    )
    return [hit for _, hit in best]


def _reads_so(hit: Hit, entry: Entry) -> bool:
    return entry.key in hit.search_key.split("|")


async def _read(conn: db.Conn, quest: _Quest, at: Further | None) -> list[Entry]:
    """Read entries behind `at`, of the first span alone if it gives enough: it often does.

    Whoever walks through everything there is does so once.
    """
    turn = at.turn if at else 0
    lows = [span.low for span in quest.spans]
    highs = [span.high for span in quest.spans]
    if at and turn < len(lows):
        lows[turn] = max(at.key, lows[turn])
    found: list[Entry] = []
    alone = len(lows) if quest.is_walked else turn + 1
    for first, last in ((turn, alone), (alone, len(lows))):
        if first >= last or first >= len(lows) or len(found) >= quest.entries:
            continue
        entries = await quest.reader()(
            conn,
            quest.kind.value,
            lows[first:last],
            highs[first:last],
            scope=quest.scope,
            after_id=at.id if at and first == turn else None,
            limit=quest.entries - len(found),
        )
        found += [Entry(entry.turn + first, entry.key, entry.subject_id) for entry in entries]
    return found


async def _apart(conn: db.Conn, quest: _Quest, limit: int) -> list[Hit]:
    """Return names in which other words stand between those typed.

    Complete where one of the words has fewer than 20,000 entries; of more common ones, which
    stand together often enough, the first are looked at.
    """
    entries: list[Entry] = []
    for words in apart(quest.typed):
        *whole, unfinished = words
        if quest.is_walked:
            patterns = [*(f"% {word} %" for word in whole), f"% {unfinished}%"]
            entries += await queries.entries_walked_apart(
                conn, quest.kind.value, patterns, scope=quest.scope, limit=quest.entries
            )
            continue
        for place, word in enumerate(whole):
            others = [f"% {other} %" for other in whole[:place] + whole[place + 1 :]]
            entries += await queries.entries_apart(
                conn,
                quest.kind.value,
                word,
                [*others, f"% {unfinished}%"],
                scope=quest.scope,
                looked_at=APART_LOOKED_AT,
                limit=quest.entries,
            )
    found = [
        hit for hit in (await quest.subjects(conn, entries)).values() if quest.first(hit) is None
    ]
    return sorted(found, key=lambda hit: (hit.search_key, hit.id))[:limit]
