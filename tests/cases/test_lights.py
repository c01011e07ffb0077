"""The light, its words, and that the sets behind it are the same cases."""

from datetime import datetime, timedelta

import pytest

from cases.choices import Light, Status, Urgency
from cases.lights import light, light_text
from cases.models import Case
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from tests import factories
from tests.factories import Tree
from tests.people import People

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("status", "urgency", "due", "on_time", "expected", "words"),
    [
        (Status.PENDING, Urgency.NORMAL, timedelta(days=3), None, Light.GREEN, "还剩 3 天"),
        (Status.HANDLING, Urgency.NORMAL, timedelta(hours=5), None, Light.YELLOW, "还剩 5 小时"),
        (Status.HANDLING, Urgency.NORMAL, timedelta(minutes=-30), None, Light.RED, "超期 30 分钟"),
        (Status.DISPATCHED, Urgency.EMERGENCY, None, None, Light.AT_ONCE, "立即处置"),
        (Status.DISPATCHED, Urgency.EMERGENCY, timedelta(days=-3), None, Light.RED, "超期 3 天"),
        (Status.PENDING, Urgency.NORMAL, None, None, Light.NONE, ""),
        (Status.RESOLVED, Urgency.NORMAL, timedelta(hours=-5), True, Light.DONE_IN_TIME, "按时办结"),
        (Status.CLOSED, Urgency.NORMAL, timedelta(hours=-5), False, Light.DONE_LATE, "超期办结"),
        (Status.REJECTED, Urgency.NORMAL, timedelta(hours=-5), None, Light.NONE, ""),
        (Status.SUSPENDED, Urgency.NORMAL, timedelta(hours=-5), None, Light.PAUSED, "挂账中"),
    ],
)
def test_light_and_set_agree(tree: Tree, people: People, status, urgency, due, on_time, expected, words):
    factories.category("0201")
    due_at = NOW + due if due is not None else None
    warn_at = due_at - timedelta(hours=10) if due_at else None
    case = factories.force_status(
        factories.case(people.officer, tree.micro),
        status,
        urgency=urgency,
        due_at=due_at,
        warn_at=warn_at,
        on_time=on_time,
    )
    with clock.at(NOW):
        assert light(case) == expected
        assert light_text(case) == words
        assert Case.objects.overdue().exists() == (expected == Light.RED)
        assert Case.objects.due_soon().exists() == (expected == Light.YELLOW)
        assert Case.objects.at_once().exists() == (expected == Light.AT_ONCE)
