"""The directory's loading dock: units, people and groups brought in from files, set by set."""

from chaupal.directory.actions import (
    add_sender,
    import_file,
    load_groups,
    load_people,
    load_posts,
    load_units,
    unit_with_code,
)
from chaupal.directory.exports import export
from chaupal.directory.mapping import look
from chaupal.directory.models import (
    Consent,
    GroupRow,
    Kind,
    Outcome,
    PersonRow,
    PostRow,
    Reason,
    Summary,
    Unfit,
    UnitRow,
)

__all__ = [
    "Consent",
    "GroupRow",
    "Kind",
    "Outcome",
    "PersonRow",
    "PostRow",
    "Reason",
    "Summary",
    "Unfit",
    "UnitRow",
    "add_sender",
    "export",
    "import_file",
    "load_groups",
    "load_people",
    "load_posts",
    "load_units",
    "look",
    "unit_with_code",
]
