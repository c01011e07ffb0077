"""An uploaded sheet on its way: put in line by a page, worked off by the worker, looked at on its own page.

A killed worker's job is taken up again when the lease of its outbox message runs out. Checking writes nothing but
its progress; importing checks again outside any transaction and then writes in one, which also ends the job.
"""

import logging
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.files import File
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q

from grids.models import Posting
from liangcheng.common import outbox
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted
from liangcheng.common.models import OutboxMessage
from liangcheng.common.sheets.reading import Table, read_table
from liangcheng.common.sheets.writing import write_errors
from liangcheng.common.text import normalize
from members.models import SheetJob, SheetState
from members.sheets import SHEETS, RegisterSheet
from members.sheets.applying import Changed, write
from members.sheets.base import KEPT_DAYS, ROWS_MOST
from members.sheets.checking import Plan, check

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from liangcheng.accounts.models import User

logger = logging.getLogger(__name__)
TOPIC = "members.sheet"
FORGET = "members.sheets_forget"
CHECK, IMPORT = "check", "import"
# So many times a job is taken up again whose worker died, or whose database was busy.
_TRIES = 4
# So often the page hears of progress.
_BEAT_SECONDS = 0.7
PROBLEMS_SHOWN = 100
_NOTES_SHOWN = 20
_STATES = {CHECK: (SheetState.TO_CHECK, SheetState.CHECKING), IMPORT: (SheetState.TO_IMPORT, SheetState.IMPORTING)}


# -- put in line


def upload(user: "User", sheet: RegisterSheet, file: Any) -> SheetJob:
    """Take a sheet in and have it checked. Raises NotPermitted, InvalidInput (field `file`)."""
    _ask(user, sheet)
    _read(file, sheet, headers_only=True)
    file.seek(0)
    job = SheetJob(user=user, register=sheet.slug, file_name=normalize(file.name or "")[-100:])
    job.file.save(f"{uuid.uuid4().hex}.xlsx", File(file), save=False)
    try:
        with transaction.atomic():
            job.save()
            _line_up(job, CHECK)
    except BaseException:
        _drop_file(job.file.name)
        raise
    return job


def start_import(job: SheetJob) -> None:
    """The owner agrees to what the check found. Raises DomainError (not_ready) where there is nothing to agree to."""
    with transaction.atomic():
        ready = SheetJob.objects.filter(pk=job.pk, state=SheetState.READY)
        if not ready.update(state=SheetState.TO_IMPORT, done=0, beat_at=now()):
            raise DomainError("not_ready", "这份表格已经处理过了，请看最新结果。")
        _line_up(job, IMPORT)


def _line_up(job: SheetJob, act: str) -> None:
    OutboxMessage.objects.create(topic=TOPIC, key=f"{TOPIC}:{job.pk}:{act}", payload={"job": job.pk, "act": act})


def _ask(user: "User", sheet: RegisterSheet) -> None:
    if not sheet.may_import(user):
        raise NotPermitted("no_import", f"您的岗位不能导入{sheet.title}。")


def _read(file: Any, sheet: RegisterSheet, *, headers_only: bool = False) -> Table:
    return read_table(file, required=sheet.required, known=sheet.headers, most=ROWS_MOST, headers_only=headers_only)


# -- worked off


def deliver(message: OutboxMessage) -> None:
    """The worker's part; runs outside any transaction and renews its lease as it goes on."""
    act = message.payload["act"]
    job = SheetJob.objects.select_related("user").filter(pk=message.payload["job"], state__in=_STATES[act]).first()
    if job is None:
        return
    try:
        if message.attempts > _TRIES:
            raise DomainError("interrupted", "处理多次中断，请重新上传；还不行请联系管理员。")
        _set(job, state=_STATES[act][1], done=0, beat_at=now())
        (_check if act == CHECK else _import)(job, _Progress(job, message))
    except DomainError as refusal:
        _end(job, SheetState.REFUSED if isinstance(refusal, InvalidInput) else SheetState.FAILED, refusal.message)
    except (outbox.Superseded, DatabaseError):
        # Somebody else has it, or it is tried again later.
        raise
    except Exception as error:  # noqa: BLE001 -- whatever it is, its owner must not wait for ever
        logger.error("sheet_failed job=%s error=%s", job.pk, outbox.place_of(error))
        _end(job, SheetState.FAILED, "处理时出错，没有导入任何一行。请联系管理员。")


class _Progress:
    """Tells the page how far it is, and keeps the lease."""

    def __init__(self, job: SheetJob, message: OutboxMessage) -> None:
        self.job, self.message, self.last = job, message, time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() - self.last >= _BEAT_SECONDS:
            self.last = time.monotonic()
            _set(self.job, done=done, beat_at=now())
            outbox.renew(self.message)


def _check(job: SheetJob, progress: _Progress) -> None:
    table, plan = _plan(job, progress)
    if plan.problems:
        _refuse(job, table, plan)
        return
    _set(
        job,
        state=SheetState.READY,
        seen=plan.seen,
        done=len(table.lines),
        finished_at=now(),
        notes=plan.notes[:_NOTES_SHOWN],
        **_counts(plan),
    )


def _import(job: SheetJob, progress: _Progress) -> None:
    """Check again and write. What others write between the two makes it begin anew, a few times."""
    sheet = SHEETS[job.register]
    for _ in range(3):
        before = _imports_done(job.register)
        table, plan = _plan(job, progress, seen=job.seen)
        if plan.problems:
            _refuse(job, table, plan)
            return
        try:
            with transaction.atomic():
                _alone(job, before)
                write(plan, sheet, job.user)
                _set(job, state=SheetState.DONE, done=len(table.lines), finished_at=now(), **_counts(plan))
            return
        except (Changed, IntegrityError):
            continue
    raise InvalidInput("changed", "别人正在改动同样的登记，这次没有导入任何一行。请稍后重新上传。")


def _alone(job: SheetJob, before: int) -> None:
    """One import of a register at a time, and none since the plan was made: it would not know its new rows."""
    running = SheetJob.objects.select_for_update().filter(register=job.register, state=SheetState.IMPORTING)
    if job.pk not in list(running.order_by("pk").values_list("pk", flat=True)):
        raise outbox.Superseded
    if _imports_done(job.register) != before:
        raise Changed


def _imports_done(register: str) -> int:
    return SheetJob.objects.filter(register=register, state=SheetState.DONE).count()


def _plan(job: SheetJob, progress: _Progress, seen: Mapping[str, Any] | None = None) -> tuple[Table, Plan]:
    sheet = SHEETS[job.register]
    _ask(job.user, sheet)
    with job.file.open("rb") as file:
        table = _read(file, sheet)
    _set(job, total=len(table.lines))
    return table, check(job.user, sheet, table, seen=seen, progress=progress)


def _counts(plan: Plan) -> dict[str, int]:
    return {"new": len(plan.new), "changed": len(plan.changed), "unchanged": plan.unchanged}


def _refuse(job: SheetJob, table: Table, plan: Plan) -> None:
    """All errors beside their rows in a file, the first ones on the page."""
    place = {header: index for index, header in enumerate(table.headers) if header}
    beside: dict[int, list[tuple[int | None, str]]] = {}
    listed: list[list[Any]] = []
    for line in sorted(plan.problems):
        found = sorted(plan.problems[line], key=lambda problem: place.get(problem[0], -1))
        beside[line] = [
            (place.get(header), f"{header}：{words}" if header in place else words) for header, words in found
        ]
        listed += [[line, header if header in place else "", words] for header, words in found]
    earlier = job.error_file.name
    with write_errors(table, beside) as file:
        job.error_file.save(f"{uuid.uuid4().hex}.xlsx", File(file), save=False)
    kept = 0
    try:
        kept = _set(
            job,
            state=SheetState.REFUSED,
            error_file=job.error_file.name,
            problems=listed[:PROBLEMS_SHOWN],
            wrong=len(listed),
            done=len(table.lines),
            notes=plan.notes[:_NOTES_SHOWN],
            finished_at=now(),
        )
    finally:
        # Not told, or nobody to tell any more: then the new one is nobody's.
        _drop_file(earlier if kept else job.error_file.name)


def _end(job: SheetJob, state: str, words: str) -> None:
    _set(job, state=state, problems=[[0, "", words]], wrong=1, finished_at=now())


def _set(job: SheetJob, **values: Any) -> int:
    return SheetJob.objects.filter(pk=job.pk).update(**values)


# -- forgotten


def forget_old() -> int:
    """Delete jobs and their files after some days: they hold what others may not see. Daily."""
    found = _forget(SheetJob.objects.filter(created_at__lt=now() - timedelta(days=KEPT_DAYS)))
    _sweep()
    return found


def forget_erased(streets: frozenset[int] | None) -> None:
    """After an erasure: what these streets have uploaded may name the person. None: every street.

    Registered with members.privacy, called in its transaction; the worker deletes once that is committed.
    """
    payload = {"streets": None if streets is None else sorted(streets)}
    OutboxMessage.objects.create(topic=FORGET, key=f"{FORGET}:{uuid.uuid4().hex}", payload=payload)


def deliver_forgetting(message: OutboxMessage) -> None:
    """Unfinished ones too: they would bring the person back. Runs outside any transaction, as often as it must."""
    streets = message.payload["streets"]
    rows = SheetJob.objects.all()
    if streets is not None:
        theirs = Posting.objects.filter(grid__community_id__in=streets).order_by().values("user_id")
        rows = rows.filter(Q(user__in=theirs) | Q(user__is_superuser=True))
    _forget(rows)


def _forget(rows: "QuerySet[SheetJob]") -> int:
    """The row first: a file without a row is found by `_sweep`, a row without its file by nobody."""
    found = 0
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            names = SheetJob.objects.select_for_update().filter(pk=pk).values_list("file", "error_file").first()
            SheetJob.objects.filter(pk=pk).delete()
        for name in names or ():
            _drop_file(name)
        found += 1
    return found


def _drop_file(name: str | None) -> None:
    if name:
        SheetJob.file.field.storage.delete(name)


def _sweep() -> None:
    """Files that no row names, of uploads that came to nothing; younger ones may be on their way."""
    storage, folder = SheetJob.file.field.storage, str(SheetJob.file.field.upload_to)
    if not storage.exists(folder):
        return
    named = {name for names in SheetJob.objects.values_list("file", "error_file") for name in names}
    for each in storage.listdir(folder)[1]:
        name = f"{folder}{each}"
        if name not in named and storage.get_modified_time(name) < now() - timedelta(days=1):
            storage.delete(name)
