"""From rows as they are stored to the fields of a file, as an import reads them. Pure."""

from collections.abc import Sequence
from typing import assert_never

from chaupal.directory.exports.queries import (
    AnyRow,
    ExportedGroup,
    ExportedMembership,
    ExportedPerson,
    ExportedTerm,
    ExportedUnit,
)
from chaupal.kit.ids import OrganisationId
from chaupal.kit.sealing import Sealer
from chaupal.people.models import ContactChannel, contact_context, masked

CHANNELS = tuple(
    ContactChannel(name) for name in ("phone", "email", "telegram", "matrix", "sandbox")
)
PURPOSES = ("coordination", "messages")


class Addresses:
    """Opens addresses: whole below some paths, masked elsewhere."""

    def __init__(self, sealer: Sealer, organisation: OrganisationId, whole: Sequence[str]) -> None:
        self._sealer = sealer
        self._contexts = {
            channel.value: contact_context(organisation, channel) for channel in CHANNELS
        }
        self._whole = tuple(whole)

    def shown(self, sealed: bytes, channel: str, path: str) -> str:
        """Return an address of somebody at the unit at `path`."""
        address = self._sealer.unseal(sealed, self._contexts[channel])
        return address if path.startswith(self._whole) else masked(address)


def cells(row: AnyRow, addresses: Addresses) -> list[str]:
    """Return the fields of a row, in the order of its kind's columns."""
    match row:
        case ExportedUnit():
            return [row.code, row.parent_code or "", row.level, row.name_hi, row.name_en]
        case ExportedPerson():
            return _person(row, addresses)
        case ExportedGroup():
            return [
                row.address,
                row.unit_code,
                row.name,
                row.purpose,
                row.channel,
                row.sender or "",
                row.language,
                "" if row.size is None else str(row.size),
                "|".join(row.categories),
                "|".join(row.admins),
                "yes" if row.notice else "no",
            ]
        case ExportedTerm():
            return [
                row.unit_code,
                row.role,
                row.title_hi,
                row.title_en,
                row.reference or "",
                row.since.isoformat(),
                "" if row.until is None else row.until.isoformat(),
            ]
        case ExportedMembership():
            return [
                row.reference,
                row.category,
                row.since.isoformat(),
                row.basis,
                "" if row.until is None else row.until.isoformat(),
            ]
        case _:
            assert_never(row)


def _person(row: ExportedPerson, addresses: Addresses) -> list[str]:
    sealed = dict(zip(row.channels, row.sealed, strict=True))
    return [
        row.reference,
        row.unit_code,
        row.name,
        row.language,
        *(
            addresses.shown(sealed[channel.value], channel.value, row.path)
            if channel.value in sealed
            else ""
            for channel in CHANNELS
        ),
        *_consent(row),
    ]


def _consent(row: ExportedPerson) -> tuple[str, str, str, str]:
    """Return the consent that holds for every address of the row, as an import takes it.

    A file has room for one basis, proof and notice: where purposes differ, the first one's.
    """
    acts = {
        (purpose, channel): said
        for purpose, channel, *said in zip(
            row.purposes, row.lines, row.bases, row.proofs, row.notices, strict=True
        )
    }
    agreed: dict[tuple[str, str, str], list[str]] = {}
    for purpose in PURPOSES:
        said = {tuple(acts.get((purpose, channel), ())) for channel in row.channels}
        terms = said.pop() if len(said) == 1 else ()
        if terms and all(terms):
            basis, proof, notice = terms
            agreed.setdefault((basis, proof, notice), []).append(purpose)
    if not agreed:
        return "", "", "", ""
    (basis, proof, notice), purposes = next(iter(agreed.items()))
    return basis, proof, notice, "|".join(purposes)
