"""People: who they are, where they can be reached (sealed), and what they agreed to (a ledger)."""

from chaupal.people.actions import contacts_of, find, record_person
from chaupal.people.models import (
    Basis,
    ConsentAct,
    ContactChannel,
    MaskedContact,
    NewContact,
    Person,
    PersonId,
    Purpose,
    contact_context,
    masked,
)
from chaupal.people.queries import person, person_page

__all__ = [
    "Basis",
    "ConsentAct",
    "ContactChannel",
    "MaskedContact",
    "NewContact",
    "Person",
    "PersonId",
    "Purpose",
    "contact_context",
    "contacts_of",
    "find",
    "masked",
    "person",
    "person_page",
    "record_person",
]
