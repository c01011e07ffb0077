"""How many due cases the sweep handles in a second, beside the same writes in raw SQL; and the plan it reads by."""

import json
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction

from cases.models import Case, CaseEvent
from cases.sweep import BATCH, due_cases, sweep
from liangcheng.common.clock import now
from liangcheng.common.models import OutboxMessage

_FLOOR = """
WITH moved AS (
    UPDATE cases_case SET told = 'overdue warn', clock_at = %(later)s, version = version + 1, updated_at = %(now)s
    WHERE id = %(id)s RETURNING id, community_id, status, handling_grid_id, handling_level
), told AS (
    INSERT INTO cases_caseevent (community_id, case_id, act, from_status, to_status, from_grid_id, to_grid_id, level,
                                 text, data, request_id, idempotency_key, fingerprint, created_at)
    SELECT community_id, id, 'overdue', status, status, handling_grid_id, handling_grid_id, handling_level,
           '已超过处置时限。', '{}', '', '', '', %(now)s FROM moved RETURNING id, community_id
)
INSERT INTO common_outboxmessage (topic, key, community_id, payload, state, run_at, attempts, last_error, created_at)
SELECT 'bench', 'bench:' || id, community_id, '{}', 'waiting', %(now)s, 0, '', %(now)s FROM told
"""


def measure(count: int) -> None:
    """Let `count` cases be overdue, handle them by raw SQL and by the sweep in turns, print rates and the plan."""
    for _ in range(2):
        floor = _rate(count, _raw)
        rate = _rate(count, _swept)
    _arm(count)
    print(f"{Case.objects.count():,} 件案件，其中 {count:,} 件到期\n")
    print(f"原始 SQL（更新、记录、发件箱各一行）：每秒 {floor:,.0f} 件")
    print(f"到期处理：每秒 {rate:,.0f} 件，为原始 SQL 的 1/{floor / rate:.1f}\n")
    print(_plan())
    _clean()


def _arm(count: int) -> None:
    """The newest open cases that stand with a grid: overdue since a minute ago, nobody told yet."""
    _clean()
    Case.objects.filter(clock_at__isnull=False).update(clock_at=None)
    due = now() - timedelta(minutes=1)
    chosen = Case.objects.running().order_by("-pk").values_list("pk", flat=True)[:count]
    Case.objects.filter(pk__in=list(chosen)).update(
        due_at=due, warn_at=due - timedelta(days=1), clock_at=due, told="", arrived_at=due, status="HANDLING",
        first_contact_due_at=None,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_case")


def _clean() -> None:
    OutboxMessage.objects.all()._raw_delete(OutboxMessage.objects.db)
    CaseEvent._base_manager.filter(act="overdue")._raw_delete(CaseEvent.objects.db)


def _rate(count: int, work: Callable[[], int]) -> float:
    """Cases a second, wall clock."""
    _arm(count)
    began = time.perf_counter()
    done = work()
    if done != count:
        raise SystemExit(f"应处理 {count} 件，实际 {done} 件")
    return count / (time.perf_counter() - began)


def _swept() -> int:
    return sweep()["overdue"]


def _raw() -> int:
    """The same batches, one statement per case."""
    done = 0
    while ids := list(due_cases().values_list("pk", flat=True)[:BATCH]):
        moment = now()
        with transaction.atomic(), connection.cursor() as cursor:
            rows = [{"id": pk, "now": moment, "later": moment + timedelta(days=1)} for pk in ids]
            cursor.executemany(_FLOOR, rows)
        done += len(ids)
    return done


def _plan() -> str:
    """What the database does to find the next batch."""
    found = json.loads(due_cases()[:BATCH].explain(format="json", analyze=True, buffers=True))
    [plan] = found
    lines, node = ["读取下一批的执行计划："], plan["Plan"]
    while node:
        name = f" ({node['Index Name']})" if "Index Name" in node else ""
        reads = node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0)
        lines.append(f"  {node['Node Type']}{name}：{node['Actual Rows']:.0f} 行，{reads} 页")
        node = (node.get("Plans") or [None])[0]
    return "\n".join(lines) + f"\n  用时 {plan['Execution Time']:.2f} 毫秒"
