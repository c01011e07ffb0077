"""Rows of the case registry."""

from cases.models.case import Case, CaseCounter
from cases.models.history import Attachment, CaseEvent, Notice, photo_path
from cases.models.reference import Category, CategoryOwner, ClockRule, TimeLimit
from cases.models.together import (
    CaseLink,
    CaseReturn,
    CoHandler,
    Coordination,
    Instruction,
    Invitee,
    JointReport,
)

__all__ = [
    "Attachment",
    "Case",
    "CaseCounter",
    "CaseEvent",
    "CaseLink",
    "CaseReturn",
    "Category",
    "CategoryOwner",
    "ClockRule",
    "CoHandler",
    "Coordination",
    "Instruction",
    "Invitee",
    "JointReport",
    "Notice",
    "TimeLimit",
    "photo_path",
]
