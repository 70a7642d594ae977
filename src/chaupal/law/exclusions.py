"""Which channels an organisation may not use, because their providers do not take its kind.

The rules are rows with a source and a date (`channel_exclusion`), for every type of organisation.
They are asked again by whatever leases a sender or claims a delivery, so a new rule, or another
type, stops what is under way.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from chaupal.kit import db
from chaupal.kit.refusals import NotAllowed
from chaupal.organisations.models import OrganisationType
from chaupal.organisations.scope import INDIA


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A rule that keeps this organisation from a channel, by which source, as known on a day."""

    channel: str
    organisation_type: OrganisationType
    source: str
    as_of: date


async def excluded(conn: db.Conn, *, now: datetime) -> list[Exclusion]:
    """Return what keeps this organisation from channels today, one rule a channel."""
    return await db.many(
        conn,
        Exclusion,
        """
        SELECT DISTINCT ON (channel) channel, organisation_type::text, source, as_of
          FROM excluded_channel
         WHERE organisation_id = current_organisation()
           AND %(today)s BETWEEN since AND coalesce(until, 'infinity')
         ORDER BY channel, since
        """,
        today=day_of(now),
    )


def day_of(now: datetime) -> date:
    """Return the day of the calendar in India, by which the rules are dated."""
    return now.astimezone(INDIA).date()


async def check(conn: db.Conn, channels: Collection[str], *, now: datetime) -> None:
    """Refuse channels whose provider does not take an organisation of this kind."""
    if not channels:
        return
    for rule in await excluded(conn, now=now):
        if rule.channel in channels:
            raise NotAllowed(
                "channel.excluded",
                channel=rule.channel,
                organisation_type=rule.organisation_type.value,
                source=rule.source,
                as_of=rule.as_of,
            )
