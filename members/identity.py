"""身份证号 of party members: optional, off by default, sealed at rest, read by a head with a reason (ADR 0012)."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from grids.authority import runs_desk
from grids.choices import Role
from grids.scoping import scope_of
from liangcheng.common import sealing
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.identity import is_identity_number, mask_identity, normalize_identity
from members.access import log_access, need_reason
from members.choices import AccessKind
from members.models import IdentityNumber, PartyMember

if TYPE_CHECKING:
    from liangcheng.accounts.models import User
    from members.querysets import MemberQuerySet

BAD_IDENTITY = "身份证号应为 18 位，出生日期或校验位不符，请对照证件核对。"


def off() -> NotVisible:
    """Made anew for each refusal: a shared one would keep the frames, and the numbers in them, of every raise."""
    return NotVisible("本街道没有启用身份证号登记。")


def _taken() -> InvalidInput:
    message = "这个身份证号已登记在另一位党员名下，请核对是否重复登记。"
    return InvalidInput("identity_taken", message, field="identity")


def enabled() -> bool:
    """Whether this installation keeps identity numbers at all."""
    return bool(settings.IDENTITY_NUMBERS)


def may_read_identity(user: "User", member: PartyMember) -> bool:
    """HEAD of a grid that the member lies in, by a posting that also reads members; superusers."""
    scope = scope_of(user)
    return scope.everything or any(
        post.role == Role.HEAD and post.party and post.covers(member) for post in scope.territorial
    )


@sensitive_variables()
def set_identity_number(*, actor: "User", member_id: int, number: str) -> None:
    """Write a member's number, or with an empty one take it away.

    By the desk of a grid of the member. Refusals: identity_off, not_found, not_permitted, erased, bad_identity,
    identity_taken.
    """
    _need_enabled()
    number = normalize_identity(number)
    try:
        with transaction.atomic():
            member = _locked(actor, member_id)
            if not runs_desk(actor, member):
                raise NotPermitted("not_permitted", "身份证号由党员所在网格的网格长、联络员、派遣员登记。")
            if member.erased_at:
                raise DomainError("erased", "这位党员的个人信息已经删除。")
            if not number:
                IdentityNumber.objects.filter(pk=member.pk).delete()
                return
            if not is_identity_number(number):
                raise InvalidInput("bad_identity", BAD_IDENTITY, field="identity")
            if find_by_identity(number).exclude(pk=member.pk).exists():
                raise _taken()
            values = {"sealed": sealing.seal(number, row_name(member.pk)), "digest": sealing.digest(number)}
            IdentityNumber.objects.update_or_create(pk=member.pk, defaults=values)
    except IntegrityError:
        # Two at once with the same number.
        raise _taken() from None


@sensitive_variables()
def read_identity_number(*, actor: "User", member_id: int, reason: str) -> str:
    """The whole number, "" where none is kept; logged with its reason before it is given.

    Refusals: identity_off, not_found, not_permitted, missing_reason.
    """
    _need_enabled()
    with transaction.atomic():
        member = _locked(actor, member_id)
        if not may_read_identity(actor, member):
            raise NotPermitted("not_permitted", "身份证号只有党员所在网格的网格长可以查看。")
        reason = need_reason(reason, member.name, member.phone)
        log_access(actor, AccessKind.REVEALED, member, reason=f"身份证号：{reason}")
        return identity_of(member.pk)


@sensitive_variables()
def identity_of(member_id: int) -> str:
    """The stored number. Only for rules that have checked the right and logged the use."""
    row = IdentityNumber.objects.filter(pk=member_id).first()
    return sealing.unseal(row.sealed, row_name(member_id)) if row else ""


@sensitive_variables()
def masked_identity(member_id: int) -> str:
    """310***********123X; empty where identity numbers are off or none is kept."""
    return mask_identity(identity_of(member_id)) if enabled() else ""


@sensitive_variables()
def find_by_identity(number: str) -> "MemberQuerySet":
    """Members who have this number, whoever asks: narrow it to `visible_to` before showing anything."""
    found = sealing.digests(normalize_identity(number)) if enabled() else []
    return PartyMember.objects.filter(identity_number__digest__in=found)


def forget_identity(member_id: int) -> None:
    """Take the number away: erasure, or a row that was merged into another. On or off."""
    IdentityNumber.objects.filter(pk=member_id).delete()


@sensitive_variables()
def carry_identity(row: IdentityNumber, keep: PartyMember) -> None:
    """Of two records that are made one: the dropped one's number is sealed anew for the kept one.

    Two numbers are two people. Refusals: identity_differs, identity_sealed (its key is not there).
    """
    if IdentityNumber.objects.filter(pk=keep.pk).exists():
        message = "两份档案登记了不同的身份证号，不是同一人；如有一个填错了，请先改正或清空，再合并。"
        raise DomainError("identity_differs", message)
    try:
        number = sealing.unseal(row.sealed, row_name(row.pk))
    except sealing.CannotOpen as error:
        message = "其中一份登记的身份证号打不开（密钥不在），请联系管理员，再合并。"
        raise DomainError("identity_sealed", message) from error
    digest = row.digest
    row.delete()
    IdentityNumber.objects.create(member=keep, sealed=sealing.seal(number, row_name(keep.pk)), digest=digest)


def row_name(member_id: int) -> str:
    """What a number is sealed for: a ciphertext copied to another row does not open there."""
    return f"members.partymember:{member_id}"


def _need_enabled() -> None:
    if not enabled():
        raise off()


def _locked(actor: "User", member_id: int) -> PartyMember:
    member = PartyMember.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=member_id).first()
    if member is None:
        raise NotVisible
    return member
