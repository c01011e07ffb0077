"""People as they are named in forms: by token, by the names on a list, by whose account it is."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from grids.choices import DESK_ROLES, Role
from grids.scoping import scope_of
from liangcheng.common.exceptions import InvalidInput, NotVisible
from members.models import PartyMember, ResidentContact

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

Individual = PartyMember | ResidentContact
MOST_PEOPLE = 60
_ENTERING = DESK_ROLES | {Role.OFFICER}
_LINE = re.compile(r"(?P<name>\D+?)[\s（(]*(?P<tail>\d{4})?[）)]?")


class Ref(NamedTuple):
    """Somebody of one of the two registers; as a token in forms “m12” or “c5”."""

    is_member: bool
    pk: int

    @property
    def token(self) -> str:
        return f"{'m' if self.is_member else 'c'}{self.pk}"


def ref_of(person: Individual) -> Ref:
    return Ref(isinstance(person, PartyMember), person.pk)


def ref_of_token(token: str) -> Ref | None:
    """None for what is no token."""
    found = re.fullmatch(r"([mc])(\d{1,18})", token, re.ASCII)
    return Ref(found[1] == "m", int(found[2])) if found else None


def columns(person: Individual) -> dict[str, Individual]:
    """The column of a row about one person that holds this one."""
    return {"member" if isinstance(person, PartyMember) else "contact": person}


def own_people(user: "User") -> list[Individual]:
    """The records whose account is this user's: the member first. At most two."""
    mine: list[Individual] = list(PartyMember.objects.active().filter(user=user))
    return [*mine, *ResidentContact.objects.active().filter(user=user)]


def may_enter_for(actor: "User", person: Individual) -> bool:
    """Whether the actor may write down what this person did: their own, or as officer or desk of the person's grid."""
    scope = scope_of(actor)
    if person.user_id == actor.pk or scope.everything:
        return True
    return any(post.role in _ENTERING and post.covers(person) for post in scope.territorial)


def still_there(rows: Any) -> Any:
    """The one person of `rows`, read behind their lock; None when a merge, a retirement or an erasure came first.

    Whoever lets a new row name somebody asks this: no reference comes to a record that has just been given up.
    """
    free = rows.active().filter(erased_at=None).select_for_update(of=("self",), no_key=True)
    return free.order_by().first()


def held(actor: "User", refs: Iterable[Ref]) -> list[Individual]:
    """These people, locked one register after the other by id: nobody else writes what adds up over them meanwhile.

    Those that the actor may read, and the actor's own record. Raises NotVisible.
    """
    wanted = set(refs)
    found: list[Individual] = []
    for model in (PartyMember, ResidentContact):
        ids = [ref.pk for ref in wanted if ref.is_member == (model is PartyMember)]
        if ids:
            seen = model.objects.visible_to(actor).order_by().values("pk")
            rows = model.objects.active().filter(Q(user=actor) | Q(pk__in=seen), pk__in=ids)
            found += rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    if len(found) != len(wanted):
        raise NotVisible("没有找到这个人，或不在您可以登记的范围内。")
    return found


def named(actor: "User", text: str, *, field: str = "names") -> list[Ref]:
    """The people whose names stand in `text`, one a line or between list commas; two of one name are told apart by the
    last four digits of the telephone number: “王小明 5678”. Two statements at any number of names.

    Raises InvalidInput that names every line that is wrong.
    """
    lines = [line.strip() for line in re.split(r"[\n、，,；;]", text) if line.strip()]
    if not lines:
        raise InvalidInput("missing_names", "请填写姓名，一行一位。", field=field)
    if len(lines) > MOST_PEOPLE:
        raise InvalidInput("too_many_names", f"一次最多登记 {MOST_PEOPLE} 位，请分几次登记。", field=field)
    parsed = [_LINE.fullmatch(line) for line in lines]
    known = _known(actor, {match["name"].strip() for match in parsed if match})
    refs: list[Ref] = []
    wrong: list[str] = []
    for line, match in zip(lines, parsed, strict=True):
        people = known.get(match["name"].strip(), []) if match else []
        tail = match["tail"] if match else None
        problem = _problem(line, [each for each in people if not tail or each.phone.endswith(tail)], refs)
        if problem:
            wrong.append(problem)
    if wrong:
        raise InvalidInput("unknown_names", "".join(wrong), field=field)
    return refs


def _known(actor: "User", names: set[str]) -> dict[str, list[Individual]]:
    found: dict[str, list[Individual]] = {}
    rows: list[Individual] = list(PartyMember.objects.visible_to(actor).active().filter(name__in=names))
    for person in [*rows, *ResidentContact.objects.visible_to(actor).active().filter(name__in=names)]:
        same = found.setdefault(person.name, [])
        # One who stands in both registers is the member.
        if not any(isinstance(each, PartyMember) and each.phone and each.phone == person.phone for each in same):
            same.append(person)
    return found


def _problem(line: str, people: Sequence[Individual], refs: list[Ref]) -> str:
    """Add the one person to `refs`, or say why not."""
    if not people:
        return f"没有找到“{line[:20]}”，请核对姓名，或先在底册里登记。"
    if len(people) > 1:
        more = "手机后四位也相同，请核对是否重复登记" if line[-4:].isdigit() else "请在姓名后加手机后四位"
        return f"“{line[:20]}”有 {len(people)} 位同名，{more}。"
    ref = ref_of(people[0])
    if ref in refs:
        return f"“{line[:20]}”写了两次。"
    refs.append(ref)
    return ""
