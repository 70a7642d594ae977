"""The part of the form for writing that holds the picture, as it stands in the form."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from litestar.datastructures import FormMultiDict

from chaupal.broadcasts import imaging, pictures
from chaupal.broadcasts.models import (
    DESCRIPTION_LIMIT_CHARACTERS,
    LANGUAGES,
    PictureId,
    Text,
)
from chaupal.broadcasts.models import Pictured as Beside
from chaupal.channels.registry import CHANNELS
from chaupal.kit.refusals import Invalid
from chaupal.web.words import Words

BOTH = "both"
ID = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PictureFields:
    """Which picture stands beside the text of each language, and what it shows. `is_left_behind`:
    a file was chosen, of which only the name came along."""

    ids: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict, repr=False)
    text_alone: bool = False
    is_left_behind: bool = False

    def beside(self, languages: Collection[str]) -> dict[str, Beside]:
        """Return the pictures beside the texts that there are."""
        if self.is_left_behind:
            raise Invalid("picture.not_added")
        return {
            language: Beside(pictures.read_id(id), self.descriptions.get(language, ""))
            for language, id in self.ids.items()
            if language in languages
        }

    def added(self, id: PictureId, where: str) -> "PictureFields":
        """Return the fields with a picture beside the text of `where`, or beside all."""
        places = [where] if where in LANGUAGES else LANGUAGES
        return replace(self, ids={**self.ids, **dict.fromkeys(places, id.hex())})

    def without(self, where: str) -> "PictureFields":
        """Return the fields without the picture of `where`, or without any."""
        left = {language: id for language, id in self.ids.items() if where not in {language, BOTH}}
        return replace(self, ids=left)

    def shown(self, refusal: Words | None = None) -> dict[str, Any]:
        """Return what the form shows of it: each picture once, with the languages it is for."""
        by_id: dict[str, list[str]] = {}
        for language in LANGUAGES:
            if language in self.ids:
                by_id.setdefault(self.ids[language], []).append(language)
        return {
            "shown": [
                {"id": id, "url": f"/pictures/{id}", "languages": languages}
                for id, languages in by_id.items()
            ],
            "ids": self.ids,
            "descriptions": self.descriptions,
            "text_alone": self.text_alone,
            "refusal": refusal,
            "limit_mb": imaging.FILE_LIMIT_BYTES >> 20,
            "limit_bytes": imaging.FILE_LIMIT_BYTES,
            "description_limit": DESCRIPTION_LIMIT_CHARACTERS,
            "caption_limit": CHANNELS["telegram"].traits.caption_limit_characters,
        }


def read(form: FormMultiDict) -> PictureFields:
    """Read the fields of the form. A file itself is for whoever takes it in."""
    ids = {language: str(form.get(f"picture_{language}", "")) for language in LANGUAGES}
    return PictureFields(
        ids={language: id for language, id in ids.items() if ID.fullmatch(id)},
        descriptions={
            language: str(form.get(f"description_{language}", "")).strip() for language in LANGUAGES
        },
        text_alone="text_alone" in form,
        is_left_behind=bool(form.get("picture_file")),
    )


def of(texts: list[Text], *, text_alone: bool) -> PictureFields:
    """Return the fields as a draft was left."""
    return PictureFields(
        ids={text.language: text.picture_id.hex() for text in texts if text.picture_id},
        descriptions={text.language: text.picture_description or "" for text in texts},
        text_alone=text_alone,
    )
