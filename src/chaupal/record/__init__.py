"""The record of everything that happened: audit log and outbox in one table, hash-chained."""

from chaupal.record.actions import (
    Verdict,
    after,
    answer,
    answered,
    append,
    forget_answers,
    verify,
)
from chaupal.record.models import Actor, Entry, part_of_the_system

__all__ = [
    "Actor",
    "Entry",
    "Verdict",
    "after",
    "answer",
    "answered",
    "append",
    "forget_answers",
    "part_of_the_system",
    "verify",
]
