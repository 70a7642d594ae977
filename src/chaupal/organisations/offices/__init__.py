"""Offices: seats at units, the terms in which somebody holds them, and hand-over between them."""

from chaupal.organisations.offices.models import (
    Holder,
    NewTerm,
    Office,
    OfficeId,
    Term,
    TermId,
    Titles,
)

__all__ = ["Holder", "NewTerm", "Office", "OfficeId", "Term", "TermId", "Titles"]
