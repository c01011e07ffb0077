"""The sixty days as they pass: all stories side by side, the earliest step next, and the clock running in between."""

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random

from cases import workflow
from cases.choices import Act
from cases.demo.cast import Cast
from cases.demo.plans import SEED, Plan
from cases.demo.timing import Timing
from cases.models import Case
from cases.notifications import remembering
from cases.sweep import sweep
from liangcheng.accounts.models import User
from liangcheng.common import clock
from liangcheng.common.calendar import WorkCalendar

# Yields the moment of each next step; a step that would come after `now` does not happen.
Story = Iterator[datetime]


class World:
    """What stories need: people, working time, cases as they stand, and a place to begin further stories."""

    def __init__(self, cast: Cast, calendar: WorkCalendar, now: datetime) -> None:
        self.cast = cast
        self.calendar = calendar
        self.now = now
        self.timing = Timing(calendar, now)
        # Case id → plan, of all cases that have been filed.
        self.plans: dict[int, Plan] = {}
        self._moment = now - timedelta(days=366)
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._order = count()

    def begin(self, moment: datetime, story: Story) -> None:
        """Let a story begin at a moment; one that lies after `now` does not."""
        if moment < self.now:
            heapq.heappush(self._waiting, (moment, next(self._order), story))

    def run(self) -> None:
        """Let everything happen up to `now`."""
        # Nobody changes posts in the demo, so who is to be told need be found out once.
        with remembering():
            while self._waiting:
                moment, _, story = heapq.heappop(self._waiting)
                self._tick(moment)
                self._moment = moment
                with clock.at(moment):
                    following = next(story, None)
                if following is not None:
                    self.begin(max(following, moment + timedelta(seconds=20)), story)
            self._tick(self.now)

    def _tick(self, moment: datetime) -> None:
        """Everything that the clock has to do up to a moment, each at its own, as the worker would."""
        due = Case.objects.filter(clock_at__lte=moment).order_by("clock_at").values_list("clock_at", flat=True)
        while (next_at := due.first()) is not None:
            # What an act has made due in the past, the worker finds in its next minute.
            self._moment = max(self._moment, next_at)
            with clock.at(self._moment):
                done: Counter[str] = sweep()
            if done["failed"]:
                raise RuntimeError(f"the clock failed at {next_at}")

    def case(self, case_id: int) -> Case:
        """A case as it stands."""
        return Case.objects.select_related(*workflow.LOADED).get(pk=case_id)

    def later(self, hours: float) -> datetime:
        """So many working hours after the present moment of the story."""
        return self.timing.after(clock.now(), hours)

    def rng(self, name: str) -> Random:
        return Random(f"{SEED}-{name}")  # noqa: S311 -- invents stories, not secrets

    def who(self, case: Case, act: Act, people: list[User]) -> User | None:
        """The first of the people who may do that now."""
        return next((user for user in people if workflow.refusal(case, user, act) is None), None)
