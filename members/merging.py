"""Two records of one party member become one: everything that points to the dropped record points to the kept one.

What points to it is asked of the models, so that a table of a later day comes along without being named here. Only
rows that are bound to the very record (a sealed number) are carried over by their own rule (`_CARRIERS`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q, UniqueConstraint
from simple_history.models import HistoricalChanges

from grids.models import Grid
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from members.access import keeps_members
from members.choices import ClaimState, OfferState
from members.identity import carry_identity
from members.models import Claim, ClimbEntry, IdentityNumber, NotSamePerson, Offer, PartyMember
from members.people import NOT_PERMITTED, mark_of

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# What the desk chooses between, where the two differ. Everything else that is empty on the kept one is filled.
CHOICES = ("name", "kind", "phone", "organization", "grid", "unit", "joined_on", "availability", "note")
# Model → the rule that carries its row over to the kept record, or refuses.
_CARRIERS: dict[type[models.Model], Callable[[Any, Any], None]] = {IdentityNumber: carry_identity}
_CLAIM_RANK = {ClaimState.GIVEN_UP: 0, ClaimState.CLAIMED: 1, ClaimState.DONE: 2}
# Model → how far a row has come, and the columns that say so: of two rows the further one's count, all together.
_PROGRESS: dict[type[models.Model], tuple[Callable[[Any], int], tuple[str, ...]]] = {
    ClimbEntry: (lambda row: row.level, ("level", "steps", "reached_on", "note")),
    Claim: (lambda row: _CLAIM_RANK[row.state], ("state", "at", "dispatched", "ended_at", "entered_by_id")),
}
_OWN = {
    *("id", "created_at", "updated_at", "name_pinyin", "is_active", "merged_into", "erased_at", "user"),
    *("retired_on", "retired_as", "retired_note", "community", "area", "neighborhood", "micro_unit"),
}


def merge_members(
    *,
    actor: "User",
    keep_id: int,
    drop_id: int,
    choose: Mapping[str, str] | None = None,
    expected: Mapping[int, str] | None = None,
) -> PartyMember:
    """Make one record of two. `choose`: field → "keep" or "drop", what is not named stays as the kept one has it,
    filled where that is empty. `expected`: id → `mark_of` the rows that the actor compared.

    The dropped record stays, out of use, and names the kept one. Refusals: same_record, unknown_choice, not_found,
    not_permitted, already_merged, member_erased, merge_streets, keep_retired, transfer_waits, two_accounts,
    stale_version, merge_conflict.
    """
    if keep_id == drop_id:
        raise InvalidInput("same_record", "请选择两份不同的档案。")
    chosen = dict(choose or {})
    if not set(chosen) <= set(CHOICES) or not set(chosen.values()) <= {"keep", "drop"}:
        raise InvalidInput("unknown_choice", "页面不完整，请重新打开再选。")
    try:
        with transaction.atomic():
            grids, offers = _hold_before(keep_id, drop_id)
            keep, drop = _locked(actor, keep_id, drop_id)
            _check(keep, drop, expected or {})
            _check_held(keep, drop, grids, offers)
            _tell_apart_anew(keep, drop)
            _move_all(drop, keep)
            _count_anew(offers)
            _close(keep, drop, _taken(keep, drop, chosen))
    except IntegrityError as error:
        message = "两份档案的登记互相冲突，暂时不能合并。请先改好其中一份，再合并。"
        raise DomainError("merge_conflict", message) from error
    return keep


def differences(keep: PartyMember, drop: PartyMember) -> list[str]:
    """The fields that somebody has to choose between: both are filled and differ."""
    found = []
    for name in CHOICES:
        ours, theirs = (getattr(row, _attname(name)) for row in (keep, drop))
        if ours != theirs and not _empty(ours) and not _empty(theirs):
            found.append(name)
    return found


def _hold_before(keep_id: int, drop_id: int) -> tuple[set[int], list[Offer]]:
    """What everybody takes before a person's row: the grids (against writers of the tree), the offers they claimed."""
    pair = (keep_id, drop_id)
    homes = PartyMember.objects.filter(pk__in=pair).order_by().values("grid_id")
    grids = {grid.pk for grid in share_locked(Grid.objects.filter(pk__in=homes).order_by("pk"))}
    claimed = Claim.objects.filter(member__in=pair).order_by().values("offer_id")
    offers = Offer.objects.filter(pk__in=claimed).order_by("pk")
    return grids, list(offers.select_for_update(of=("self",), no_key=True))


def _check_held(keep: PartyMember, drop: PartyMember, grids: set[int], offers: list[Offer]) -> None:
    """Raises StaleObject where one of them moved or claimed something between the two locks: it would not be held."""
    if not {keep.grid_id, drop.grid_id} <= grids:
        raise StaleObject("档案的网格刚刚变动，请重新比对后再合并。")
    claims = Claim.objects.filter(member__in=(keep.pk, drop.pk))
    if claims.exclude(offer__in=[offer.pk for offer in offers]).exists():
        raise StaleObject("档案刚刚有了新的认领，请重新比对后再合并。")


def _count_anew(offers: list[Offer]) -> None:
    """Two claims that became one free a place, or hold the one that was left."""
    for offer in offers:
        if not offer.is_over:
            full = offer.claims.active().count() >= offer.places
            state = OfferState.FILLED if full else OfferState.OPEN
            if state != offer.state:
                offer.state = state
                offer.save(update_fields=["state", "updated_at"])


def _locked(actor: "User", keep_id: int, drop_id: int) -> tuple[PartyMember, PartyMember]:
    """Both rows FOR UPDATE, the lower id first: two merges of a pair queue, and nobody refers to them meanwhile."""
    rows = PartyMember.objects.visible_to(actor).filter(pk__in=(keep_id, drop_id)).order_by("pk")
    found = {row.pk: row for row in rows.select_for_update()}
    if len(found) != 2:
        raise NotVisible
    if not all(keeps_members(actor, row) for row in found.values()):
        raise NotPermitted("not_permitted", NOT_PERMITTED)
    return found[keep_id], found[drop_id]


def _check(keep: PartyMember, drop: PartyMember, expected: Mapping[int, str]) -> None:
    if keep.merged_into_id or drop.merged_into_id:
        raise DomainError("already_merged", "其中一份档案已经合并过了，请刷新后核对。")
    if keep.erased_at or drop.erased_at:
        raise DomainError("member_erased", "其中一份档案的个人信息已应本人要求删除，不能合并。")
    if keep.community_id != drop.community_id:
        raise DomainError("merge_streets", "两份档案不在同一个街道，不能合并。")
    if not keep.is_active:
        raise DomainError("keep_retired", "保留的一份须是在用的；请保留另一份，或先恢复使用。")
    if any(row.transfers.waiting().exists() for row in (keep, drop)):
        raise DomainError("transfer_waits", "其中一份有待接收的转接，请先撤回，或等对方办结，再合并。")
    if keep.user_id and drop.user_id:
        message = "两份档案各有一个登录账号。请先请街道停用其中一个账号，并在那份档案上清空“登录账号”，再合并。"
        raise DomainError("two_accounts", message)
    if any(mark != mark_of(row) for row in (keep, drop) if (mark := expected.get(row.pk)) is not None):
        raise StaleObject("档案刚刚被别人修改过，请重新比对后再合并。")


# -- what points to the dropped record


def _move_all(drop: models.Model, keep: models.Model) -> None:
    """Let everything that points to `drop` point to `keep`: foreign keys, one-to-ones, rows of many-to-manys."""
    for relation in _relations(type(drop)):
        rows = relation.related_model._base_manager.filter(**{relation.field.attname: drop.pk})
        for row in rows.order_by("pk"):
            _move(row, relation.field, keep)


def _relations(model: type[models.Model]) -> Iterator[Any]:
    """Relations to `model`, hidden ones (related_name "+", tables between) included; histories stay as they were."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)):
            continue
        other: type[models.Model] = relation.related_model  # type: ignore[assignment]
        if not issubclass(other, HistoricalChanges) and other is not NotSamePerson:
            yield relation


def _move(row: models.Model, foreign_key: Any, keep: models.Model) -> None:
    carry = _CARRIERS.get(type(row))
    if carry is not None:
        carry(row, keep)
        return
    twin = _twin(row, foreign_key, keep)
    if twin is not None:
        _join(twin, row)
        return
    _write(row, {foreign_key.attname: keep.pk})


def _twin(row: models.Model, foreign_key: Any, keep: models.Model) -> models.Model | None:
    """The row of the kept record that a rule of uniqueness does not allow beside this one."""
    for names, condition in _unique_rules(type(row), foreign_key):
        same: dict[str, Any] = {}
        for name in names:
            attname = type(row)._meta.get_field(name).attname  # type: ignore[union-attr]
            same[attname] = keep.pk if name == foreign_key.name else getattr(row, attname)
        if None in same.values():
            continue
        rows = type(row)._base_manager.filter(condition)
        applies = rows.filter(pk=row.pk).exists()
        twin = rows.filter(**same).exclude(pk=row.pk).first() if applies else None
        if twin is not None:
            return twin
    return None


def _unique_rules(model: type[models.Model], foreign_key: Any) -> Iterator[tuple[Iterable[str], Q]]:
    if foreign_key.unique:
        yield (foreign_key.name,), Q()
    for names in model._meta.unique_together:
        if foreign_key.name in names:
            yield names, Q()
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and foreign_key.name in constraint.fields:
            yield constraint.fields, constraint.condition or Q()


def _join(winner: models.Model, loser: models.Model) -> None:
    """Two rows that say the same of one person (in one team twice): the kept record's stays, and learns what only the
    other knew; what is true on one (leads it) is true. What points to the other moves along.
    """
    _move_all(loser, winner)
    learnt = {
        each.attname: theirs
        for each in winner._meta.concrete_fields
        if not each.primary_key
        and not _empty(theirs := getattr(loser, each.attname))
        and (_empty(ours := getattr(winner, each.attname)) or (theirs is True and ours is False))
    }
    far, columns = _PROGRESS.get(type(winner), (_nowhere, ()))
    if far(loser) > far(winner):
        learnt |= {name: getattr(loser, name) for name in columns}
    elif far(loser) < far(winner):
        learnt = {name: value for name, value in learnt.items() if name not in columns}
    # The loser goes first: there is one leader per team.
    type(loser)._base_manager.filter(pk=loser.pk).delete()
    if learnt:
        _write(winner, learnt)


def _nowhere(row: models.Model) -> int:
    return 0


def _write(row: models.Model, values: dict[str, Any]) -> None:
    """Only these columns. Past save(), where there is no history to keep: rows that are only added to refuse it."""
    for attname, value in values.items():
        setattr(row, attname, value)
    if hasattr(row, "history"):
        row.save(update_fields=list(values))
    else:
        type(row)._base_manager.filter(pk=row.pk).update(**values)


def _tell_apart_anew(keep: PartyMember, drop: PartyMember) -> None:
    """Who was told apart from the dropped one is told apart from the kept one, in the order of ids that pairs have."""
    pairs = NotSamePerson.objects.filter(Q(first=drop) | Q(second=drop))
    for pair in pairs:
        other = pair.second_id if pair.first_id == drop.pk else pair.first_id
        if other != keep.pk:
            first, second = sorted((other, keep.pk))
            NotSamePerson.objects.get_or_create(
                first_id=first, second_id=second, defaults={"by_id": pair.by_id, "at": pair.at}
            )
    pairs.delete()


# -- the two records themselves


def _taken(keep: PartyMember, drop: PartyMember, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Column → value that the kept record takes over: what was chosen, and what it does not have itself."""
    taken: dict[str, Any] = {}
    for each in PartyMember._meta.concrete_fields:
        theirs = getattr(drop, each.attname)
        if each.name in _OWN or _empty(theirs):
            continue
        wanted = chosen.get(each.name) == "drop" or (each.name not in chosen and _empty(getattr(keep, each.attname)))
        if wanted:
            taken[each.attname] = theirs
    if drop.user_id and not keep.user_id:
        taken["user_id"] = drop.user_id
    return taken


def _close(keep: PartyMember, drop: PartyMember, taken: Mapping[str, Any]) -> None:
    """The dropped row first: what may stand in one record only (account, identity number) is free then."""
    drop.is_active, drop.merged_into = False, keep
    for attname in _exclusive() & set(taken):
        column: Any = PartyMember._meta.get_field(attname)
        setattr(drop, attname, None if column.null else "")
    # Without the grid, which save() would lock after the row.
    drop.save(update_fields=["is_active", "merged_into", "updated_at", *_names(_exclusive() & set(taken))])
    for attname, value in taken.items():
        setattr(keep, attname, value)
    keep.save(update_fields=["updated_at", *_names(taken)])


def _names(attnames: Iterable[str]) -> list[str]:
    return [str(PartyMember._meta.get_field(attname).name) for attname in attnames]  # type: ignore[union-attr]


def _exclusive() -> set[str]:
    """Columns of which no two records may have the same value."""
    names = {each.attname for each in PartyMember._meta.concrete_fields if each.unique and not each.primary_key}
    for constraint in PartyMember._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            names |= {_attname(name) for name in constraint.fields} - {"community_id", "grid_id"}
    return names


def _attname(name: str) -> str:
    return str(PartyMember._meta.get_field(name).attname)  # type: ignore[union-attr]


def _empty(value: Any) -> bool:
    return value is None or value == ""
