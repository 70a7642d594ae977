"""What is kept of a person as plain JSON: fields named in English, addresses masked. Pure."""

from datetime import date, datetime
from typing import Any

from chaupal.people.models import ConsentAct, MaskedContact
from chaupal.principals.models import Asked, Elsewhere, HeldPost, Joined, Kept, Seat


def written(kept: Kept, *, now: datetime) -> dict[str, Any]:
    """Return everything that is kept of one person, and how much of it the reader may not see."""
    person = kept.person
    return {
        "organisation": {"hi": kept.organisation_name_hi, "en": kept.organisation_name_en},
        "written_at": now.isoformat(),
        "person": {
            "reference": person.reference,
            "name": person.name,
            "language": person.language,
            "unit": {"hi": person.unit_name_hi, "en": person.unit_name_en},
            "known_since": person.since.isoformat(),
            "login": kept.login,
            "nobody_may_write_because": person.quiet.value if person.quiet else None,
        },
        "addresses": [_address(contact) for contact in kept.contacts],
        "consents": [_consent(act) for act in kept.history],
        "posts": [_post(post) for post in kept.posts],
        "groups": [_seat(seat) for seat in kept.seats],
        "categories": [_category(joined) for joined in kept.categories],
        "tasks": [_task(task) for task in kept.tasks],
        "shown_to_somebody": [
            {"at": seen.at.isoformat(), "what": seen.kind, "need": seen.facts.get("need")}
            for seen in kept.seen
        ],
        **_elsewhere(kept.elsewhere),
    }


def _elsewhere(elsewhere: Elsewhere) -> dict[str, Any]:
    """Say how much a reader of a part of the organisation does not see; themselves see all."""
    if elsewhere == Elsewhere():
        return {}
    return {
        "outside_the_readers_part": {
            "posts": elsewhere.posts,
            "groups": elsewhere.groups,
            "tasks": elsewhere.tasks,
        }
    }


def _address(contact: MaskedContact) -> dict[str, Any]:
    return {
        "channel": contact.channel.value,
        "masked": contact.masked,
        "known_since": _day(contact.since),
        "nobody_may_write_because": contact.quiet.value if contact.quiet else None,
    }


def _consent(act: ConsentAct) -> dict[str, Any]:
    return {
        "purpose": act.purpose.value,
        "channel": act.channel.value,
        "act": act.act.value,
        "notice": act.notice_version,
        "language": act.language,
        "basis": act.basis.value,
        "proof": act.proof,
        "at": act.at.isoformat(),
    }


def _post(post: HeldPost) -> dict[str, Any]:
    return {
        "title": {"hi": post.title_hi, "en": post.title_en},
        "unit": {"hi": post.unit_name_hi, "en": post.unit_name_en},
        "since": post.since.isoformat(),
        "last_day": _day(post.until),
    }


def _seat(seat: Seat) -> dict[str, Any]:
    return {
        "name": seat.name,
        "runs_since": seat.since.isoformat(),
        "left_at": _day(seat.left_at),
    }


def _category(joined: Joined) -> dict[str, Any]:
    return {
        "name": {"hi": joined.name_hi, "en": joined.name_en},
        "since": joined.since.isoformat(),
        "until": _day(joined.until),
        "basis": joined.basis,
    }


def _task(task: Asked) -> dict[str, Any]:
    return {
        "title": task.title,
        "group": task.group_name,
        "told_at": _day(task.told_at),
        "opened_at": _day(task.opened_at),
        "posted_at": _day(task.posted_at),
    }


def _day(at: date | None) -> str | None:
    return at.isoformat() if at else None
