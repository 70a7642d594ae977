"""Whether every channel that a broadcast goes over can carry its picture, asked while it is
written and again when it is signed."""

from collections import Counter

from chaupal.broadcasts import people, targets
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.filling import Chosen
from chaupal.broadcasts.models import Draft
from chaupal.broadcasts.rendering import render
from chaupal.channels.contract import Traits
from chaupal.channels.registry import CHANNELS, RELAYED
from chaupal.kit import db
from chaupal.kit.refusals import Refused


async def check(conn: db.Conn, draft: Draft, target: Target) -> None:
    """Refuse a picture that a channel of this audience does not take, unless its author said that
    the text goes alone there; and a text that is too long beside one. Without a picture nothing
    is asked. Which channels these are is counted as the audience stands now."""
    if draft.pictures:
        check_channels(draft, await _channels(conn, draft, target))


async def _channels(conn: db.Conn, draft: Draft, target: Target) -> Counter[str]:
    reached: Counter[str] = Counter()
    if draft.via:
        for some in await people.slices(conn, target, draft.via):
            reached[some.channel] += some.people
    else:
        for part in await targets.slices(conn, target):
            reached[part.channel] += part.groups
    return reached


def takes(traits: Traits, chosen: Chosen | None) -> bool:
    """Say whether a channel takes a picture beside every text of what goes as this template, where
    it writes by templates."""
    if traits.templated and chosen is not None:
        return traits.takes_pictures and all(fill.pictured for fill in chosen.fills.values())
    return traits.takes_pictures


def check_channels(draft: Draft, reached: Counter[str]) -> None:
    """Refuse what a channel on which somebody is reached cannot carry. By hand everything goes."""
    for name, count in sorted(reached.items()):
        if not count or name in RELAYED or name not in CHANNELS:
            continue
        traits = CHANNELS[name].traits
        if not takes(traits, draft.template):
            if not draft.text_alone:
                raise Refused("picture.not_taken", channel=name, targets=count)
            continue
        if traits.templated and draft.template is not None:
            continue  # its provider has allowed that text beside a picture
        for language, body in draft.texts.items():
            length = len(render(body, synthetic=draft.synthetic, language=language))
            if length > traits.caption_limit_characters:
                raise Refused(
                    "picture.caption_too_long",
                    channel=name,
                    language=language,
                    limit=traits.caption_limit_characters,
                    length=length,
                )
