"""From the fields of a CSV row to a typed row, one function for each kind of file. Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from chaupal.directory import fields
from chaupal.directory.models import (
    Consent,
    GroupRow,
    Kind,
    MembershipRow,
    OfficeRow,
    PersonRow,
    Reason,
    Unfit,
    UnitRow,
)
from chaupal.groups.models import kept_address
from chaupal.kit import digits

LARGEST_GROUP = 200_000
MOST_ADMINS = 50

Written = Mapping[str, str]


def unit(written: Written) -> UnitRow:
    """Read a row of a file of units."""
    code = fields.needed_code(written["code"], "code")
    try:
        return UnitRow(
            code=code,
            parent_code=fields.code(written["parent_code"], "parent_code"),
            level=fields.needed(written["level"], "level"),
            name_hi=fields.needed(written["name_hi"], "name_hi"),
            name_en=fields.needed(written["name_en"], "name_en"),
        )
    except Unfit as unfit:
        raise Unfit(unfit.reason, unfit.column, code=code) from unfit


def person(written: Written) -> PersonRow:
    """Read a row of a file of people."""
    return PersonRow(
        reference=_reference(written["reference"]),
        unit_code=fields.needed_code(written["unit_code"], "unit_code"),
        name=fields.needed(written["name"], "name"),
        language=fields.choice(written.get("language", ""), "language"),
        phone=fields.phone(written.get("phone", "")),
        email=fields.address(written.get("email", ""), "email", "email"),
        telegram=fields.address(written.get("telegram", ""), "telegram", "telegram"),
        matrix=fields.address(written.get("matrix", ""), "matrix", "matrix"),
        sandbox=fields.address(written.get("sandbox", ""), "sandbox", "sandbox"),
        consent=_consent(written),
    )


def _reference(written: str) -> str:
    reference = fields.needed_code(written, "reference")
    if "|" in reference:  # a file of groups could not name them
        raise Unfit(Reason.MALFORMED, "reference")
    return reference


def _consent(written: Written) -> Consent | None:
    return _agreed(
        written.get("consent_basis", ""),
        written.get("consent_proof", ""),
        written.get("notice_version", ""),
        written.get("consent_purposes", ""),
    )


@lru_cache(maxsize=1024)  # most rows of a file say the same
def _agreed(basis_: str, proof_: str, notice_: str, purposes_: str) -> Consent | None:
    basis = fields.choice(basis_, "consent_basis")
    proof = fields.text(proof_, "consent_proof")
    notice = fields.text(notice_, "notice_version")
    purposes = fields.listed(purposes_, "consent_purposes")
    if basis is None and proof is None and notice is None and purposes is None:
        return None
    for value, column in (
        (basis, "consent_basis"),
        (proof, "consent_proof"),
        (notice, "notice_version"),
    ):
        if value is None:
            raise Unfit(Reason.CONSENT_INCOMPLETE, column)
    assert basis is not None
    chosen = tuple(fields.choice(purpose, "consent_purposes") for purpose in purposes or ())
    return Consent(
        basis=basis,
        proof=proof or "",
        notice_version=notice or "",
        purposes=tuple(sorted({purpose for purpose in chosen if purpose})) or ("coordination",),
    )


def group(written: Written) -> GroupRow:
    """Read a row of a file of groups."""
    channel = _chosen(written["channel"], "channel")
    sender = fields.text(written.get("sender", ""), "sender")
    if (channel == "whatsapp") != (sender is None):
        raise Unfit(Reason.SENDER_MISMATCH, "sender")
    admins = fields.listed(digits.plain(written.get("admins", "")), "admins")
    if admins is not None and len(admins) > MOST_ADMINS:
        raise Unfit(Reason.TOO_LONG, "admins")
    notice = fields.choice(written.get("notice", ""), "notice")
    return GroupRow(
        address=kept_address(_group_address(written), channel),
        unit_code=fields.needed_code(written["unit_code"], "unit_code"),
        name=fields.needed(written["name"], "name"),
        purpose=_chosen(written["purpose"], "purpose"),
        channel=channel,
        sender=sender,
        language=fields.choice(written.get("language", ""), "language"),
        size=fields.number(written.get("size", ""), "size", most=LARGEST_GROUP),
        categories=fields.listed(written.get("categories", ""), "categories"),
        admins=admins,
        notice=None if notice is None else notice == "yes",
    )


def office(written: Written) -> OfficeRow:
    """Read a row of a file of posts. One title stands for the other where that is blank."""
    title_hi = fields.text(written.get("title_hi", ""), "title_hi")
    title_en = fields.text(written.get("title_en", ""), "title_en")
    title = title_hi or title_en
    if title is None:
        raise Unfit(Reason.MISSING, "title_hi")
    since, until = _term(written)
    reference = fields.code(written["reference"], "reference")
    if reference is None and until is not None:  # whose term would it be?
        raise Unfit(Reason.MISSING, "reference")
    return OfficeRow(
        unit_code=fields.needed_code(written["unit_code"], "unit_code"),
        role=_chosen(written["role"], "role"),
        title_hi=title_hi or title,
        title_en=title_en or title,
        reference=reference,
        since=since,
        until=until,
    )


def membership(written: Written) -> MembershipRow:
    """Read a row of a file of memberships."""
    since, until = _term(written)
    return MembershipRow(
        reference=fields.needed_code(written["reference"], "reference"),
        category=fields.needed(written["category"], "category"),
        since=since,
        basis=_chosen(written["basis"], "basis"),
        until=until,
    )


def _term(written: Written) -> tuple[date, date | None]:
    since = fields.day(written["since"], "since")
    until = fields.day(written.get("until", ""), "until")
    if since is None:
        raise Unfit(Reason.MISSING, "since")
    if until is not None and until < since:
        raise Unfit(Reason.ENDS_BEFORE_START, "until")
    return since, until


def _chosen(written: str, column: str) -> str:
    key = fields.choice(written, column)
    if key is None:
        raise Unfit(Reason.MISSING, column)
    return key


def _group_address(written: Written) -> str:
    """Return the chat's address, or the organisation's own reference where chats have none."""
    found = [
        address
        for column in ("address", "reference")
        if (address := fields.text(written.get(column, ""), column, longest=fields.ADDRESS_BYTES))
    ]
    if not found:
        raise Unfit(Reason.MISSING, "address")
    return found[0]


AnyRow: TypeAlias = UnitRow | PersonRow | GroupRow | OfficeRow | MembershipRow

READERS: Mapping[Kind, Callable[[Written], AnyRow]] = {
    Kind.UNITS: unit,
    Kind.PEOPLE: person,
    Kind.GROUPS: group,
    Kind.POSTS: office,
    Kind.MEMBERSHIPS: membership,
}
