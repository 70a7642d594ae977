"""Exports: everything of one kind that somebody may take along, streamed as CSV."""

from typing import Annotated, Any

from litestar import post
from litestar.params import JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct

from chaupal.api.callers import Called, Key
from chaupal.directory import exports
from chaupal.directory.models import Kind
from chaupal.kit.refusals import Invalid
from chaupal.organisations import Right
from chaupal.organisations import pages as unit_pages


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """What to export: of which unit (its code; all that one may take without), addresses whole."""

    kind: Kind
    unit: Annotated[str, Meta(max_length=100)] | None = None
    unmask: bool = False


@post("/exports", status_code=200, media_type="text/csv")
async def take(caller: Called, key: Key, data: JSONBody[Wanted]) -> Stream:
    """Stream the file. Each export stands in the record, one that is repeated as well."""
    del key  # a file is kept nowhere, so it cannot be given again
    unit = None
    if data.unit:
        async with caller.transaction() as conn:
            found = await unit_pages.units_coded(
                conn, [data.unit], scope=caller.scope, right=Right.EXPORT
            )
        if not found:
            raise Invalid("audience.unknown_unit", unit=data.unit)
        unit = found[0].id
    pieces = await exports.export(
        caller.rt, data.kind, actor=caller.actor, unit=unit, unmask=data.unmask
    )
    return Stream(pieces, status_code=200, media_type="text/csv")


ROUTES: tuple[Any, ...] = (take,)
