"""What is told of one case: its way, its clock, who takes part, what comes next, its history. Pure over rows read."""

from cases.timeline.ahead import Ahead, Facts, ahead, waiting
from cases.timeline.clock import ClockStory, Shift, clock_story
from cases.timeline.entries import Entry, Known, entries, numbers_in
from cases.timeline.path import Stay, Step, stays, steps
from cases.timeline.people import Part, parts

__all__ = [
    "Ahead",
    "ClockStory",
    "Entry",
    "Facts",
    "Known",
    "Part",
    "Shift",
    "Stay",
    "Step",
    "ahead",
    "clock_story",
    "entries",
    "numbers_in",
    "parts",
    "stays",
    "steps",
    "waiting",
]
