"""Coverage: where groups are missing, or have nobody who runs them, and how many they reach."""

from chaupal.groups.coverage.models import Coverage, together
from chaupal.groups.coverage.queries import (
    bare_booths,
    below,
    children,
    counted,
    grandchildren,
    of_unit,
    of_units,
)

__all__ = [
    "Coverage",
    "bare_booths",
    "below",
    "children",
    "counted",
    "grandchildren",
    "of_unit",
    "of_units",
    "together",
]
