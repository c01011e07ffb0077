"""The tables of the lower floors that name people, as members/privacy.py asks for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from grids.authority import office_condition, office_streets
from grids.models import Posting
from liangcheng.accounts.models import User
from liangcheng.common.text import mask_name, mask_phone
from members import identity, reporting
from members.choices import NominationState, RegistrationState
from members.deed_facts import deed_facts, forget_deeds, unfinished
from members.models import (
    AccessLog,
    Nomination,
    PartyMember,
    PartyOrganization,
    Registration,
    ResidentContact,
    ResidentUnit,
    TeamMember,
    Transfer,
    Venue,
)
from members.privacy import Fact, Holder, Person, Subject, forget_traces, obstacles, register_holder, register_obstacle
from members.scrubbing import ERASED, facts_of, mark_changed, personal_columns, scrub


def in_office(actor: User, model: Any) -> "QuerySet[Any]":
    """Anchored rows that the actor may see, of the streets whose office they run."""
    return model._default_manager.visible_to(actor).filter(office_condition(actor))


def links(*wanted: tuple[str, str, Any]) -> list[tuple[str, str]]:
    """(label, address) of the pages that this installation has."""
    found = []
    for label, name, argument in wanted:
        try:
            found.append((label, reverse(name, args=[argument])))
        except NoReverseMatch:
            continue
    return found


class PersonHolder(Holder):
    """党员 or 居民骨干: the row stays for the figures and says nothing any more."""

    goes = "姓名、电话、特长、可服务时间、备注、登录账号的关联、队伍里的位置，以及这些内容的全部修改记录"
    stays = "一条写着“已删除”的记录：类别、党组织、网格，用于以往的人数、服务时长和案件统计"

    def __init__(self, model: type[Person], prefix: str) -> None:
        self.model, self.prefix = model, prefix
        self.key = str(model._meta.model_name)
        self.label = str(model._meta.verbose_name)

    def find(self, actor: User, subject: Subject) -> Iterator[tuple[Person, bool]]:
        """Sure: name and number, or the identity number. Not sure: the name without a number, or what it once was."""
        rows = in_office(actor, self.model).filter(erased_at=None)
        sure = Q(name=subject.name, phone__in=subject.phones)
        if subject.identity and self.model is PartyMember:
            sure |= Q(pk__in=identity.find_by_identity(subject.identity).order_by().values("pk"))
        past: Any = self.model.history  # type: ignore[union-attr]
        once = past.filter(name=subject.name, phone__in=subject.phones).order_by().values("id")
        perhaps = Q(name=subject.name, phone="") | Q(pk__in=once)
        certain = set(rows.filter(sure).order_by().values_list("pk", flat=True))
        for row in rows.filter(Q(pk__in=certain) | perhaps).select_related("grid", "user").order_by("pk"):
            yield row, row.pk in certain

    def title(self, row: Person) -> str:
        return f"{row}（{row.grid.name}，{row.get_kind_display()}）"

    def pages(self, row: Person) -> list[tuple[str, str]]:
        edit = f"members:{self.prefix}_edit"
        admin = f"admin:members_{self.key}_change"
        return links(
            ("查看", f"members:{self.prefix}_detail", row.pk), ("修改", edit, row.pk), ("后台修改", admin, row.pk)
        )

    def copy(self, row: Person, subject: Subject) -> list[Fact]:
        facts = list(facts_of(row))
        if self.model is PartyMember and identity.enabled():
            facts.append(("身份证号", identity.identity_of(row.pk)))
        facts += [("特长", "、".join(row.skills.values_list("name", flat=True)))]
        facts += [
            ("队伍", f"{each.team.name}{'（队长）' if each.is_leader else ''} {each.duty}") for each in _teams(row)
        ]
        facts += [("担任楼组长", building.name) for building in row.led_buildings.all()]  # type: ignore[union-attr]
        if isinstance(row, PartyMember):
            facts += [("转接", f"{each} {each.reason} {each.decision_note}".strip()) for each in row.transfers.all()]
        facts += deed_facts(row)
        for name, phone in row.history.values_list("name", "phone").order_by().distinct():  # type: ignore[union-attr]
            if (name, phone) != (row.name, row.phone):
                facts.append(("以前登记过", f"{name} {phone}"))
        merged = row.merged.order_by().values_list("pk", flat=True) if isinstance(row, PartyMember) else ()
        uses = AccessLog.objects.filter(register=self.key, object_id__in=[row.pk, *merged]).order_by("at")
        facts += [("使用记录", f"{timezone.localtime(use.at):%Y-%m-%d %H:%M} {use.get_kind_display()}") for use in uses]
        return [(label, value) for label, value in facts if value.strip()]

    def refusal(self, row: Person) -> str:
        if row.erased_at:
            return "已经删除"
        found = []
        if number := row.led_buildings.filter(is_active=True).count():  # type: ignore[union-attr]
            found.append(f"还是 {number} 幢楼的楼组长，请先换人")
        found += [f"还是“{each.team.name}”的队长，请先换人" for each in _teams(row) if each.is_leader]
        if row.user_id and User.objects.filter(pk=row.user_id, is_active=True).exists():
            found.append("登录账号还在使用，请先停用账号")
        if row.user_id and Posting.objects.filter(_lasting(), user_id=row.user_id).exists():
            found.append("还有岗位，请先填任职止")
        return "；".join([*found, *obstacles(row)])

    def erase(self, row: Person, subject: Subject) -> None:
        """Also the rows that were merged into it: they are the same person."""
        _teams(row).delete()
        row.led_buildings.all().update(**{_led_by(row): None})  # type: ignore[union-attr]
        row.skills.clear()
        if isinstance(row, PartyMember):
            identity.forget_identity(row.pk)
            Transfer.objects.filter(member=row).update(reason="", decision_note="")
            reporting.erase_of_member(row.pk)
        forget_deeds(row)
        forget_traces(row)
        scrub(row, personal_columns(self.model) | {"is_active": False, "erased_at": timezone.now()})
        if isinstance(row, PartyMember):
            for merged in PartyMember.objects.select_for_update().filter(merged_into=row, erased_at=None):
                self.erase(merged, subject)


def _teams(row: Person) -> "QuerySet[TeamMember]":
    side = "member" if isinstance(row, PartyMember) else "contact"
    return TeamMember.objects.filter(**{side: row}).select_related("team")


def _led_by(row: Person) -> str:
    return "leader_member" if isinstance(row, PartyMember) else "leader_contact"


def _lasting() -> Q:
    """Postings that hold today or will."""
    return Q(valid_to__isnull=True) | Q(valid_to__gte=timezone.localdate())


@dataclass
class NamedHolder(Holder):
    """A row that is about something else and names somebody in two columns: a unit's contact, a registration.

    Erased, the columns are empty (or `empty`), also in the history where it names the same person.
    """

    model: Any
    label: str
    name: str = "contact_name"
    phone: str = "contact_phone"
    goes: str = "联系人姓名和电话，以及它们的修改记录"
    stays: str = "单位、组织、阵地本身的登记"
    # Column → value for what else must go with the name.
    also: dict[str, Any] = field(default_factory=dict)
    empty: str = ""
    detail: str = ""
    argument: str = "pk"

    def __post_init__(self) -> None:
        self.key = str(self.model._meta.model_name)

    def find(self, actor: User, subject: Subject) -> Iterator[tuple[Any, bool]]:
        is_now = Q(**{self.name: subject.name, f"{self.phone}__in": subject.phones})
        nameless = Q(**{self.name: subject.name, self.phone: ""})
        rows = in_office(actor, self.model)
        sure = set(rows.filter(is_now).order_by().values_list("pk", flat=True))
        was = Q(pk__in=self._past(subject))
        for row in rows.filter(is_now | nameless | was).select_related("grid").order_by("pk"):
            yield row, row.pk in sure

    def _past(self, subject: Subject) -> Any:
        """Ids of rows that named the subject once."""
        if not hasattr(self.model, "history"):
            return ()
        return (
            self.model.history.filter(**{self.name: subject.name, f"{self.phone}__in": subject.phones})
            .order_by()
            .values("id")
        )

    def title(self, row: Any) -> str:
        who = f"{mask_name(getattr(row, self.name))} {mask_phone(getattr(row, self.phone))}".strip()
        return f"{row}（{who or '以前的联系人'}）"

    def pages(self, row: Any) -> list[tuple[str, str]]:
        argument = getattr(row, self.argument)
        admin = f"admin:members_{self.key}_change"
        return links(*([("查看", self.detail, argument)] if self.detail else []), ("后台修改", admin, row.pk))

    def copy(self, row: Any, subject: Subject) -> list[Fact]:
        verbose = {each.name: str(each.verbose_name) for each in self.model._meta.concrete_fields}
        if getattr(row, self.name) != subject.name:
            # Somebody else by now, whose data this copy must not hold.
            return [(self.label, str(row)), ("以前登记过", f"{subject.name} {subject.phone}")]
        columns = (self.name, self.phone, *self.also)
        return [(self.label, str(row)), *((verbose[each], str(getattr(row, each) or "")) for each in columns)]

    def erase(self, row: Any, subject: Subject) -> None:
        values = {self.name: self.empty, self.phone: "", **self.also}
        if getattr(row, self.name) == subject.name:
            self.model._base_manager.filter(pk=row.pk).update(**values, **mark_changed(self.model))
        if hasattr(self.model, "history"):
            # Of this one row, so that the name alone says who it was, under whatever number.
            self.model.history.filter(id=row.pk, **{self.name: subject.name}).update(**values)


class NominationHolder(NamedHolder):
    def refusal(self, row: Any) -> str:
        return "自荐还没有审核，请先审核" if row.state == NominationState.WAITING else ""


class RegistrationHolder(NamedHolder):
    """双报到, also one that never became a member; a member's own go with the member."""

    def refusal(self, row: Any) -> str:
        return "报到还没有核实，请先核实或退回" if row.state == RegistrationState.WAITING else ""

    def erase(self, row: Any, subject: Subject) -> None:
        reporting.erase([row.pk])


class AccountHolder(Holder):
    """登录账号. What somebody did in office stays under their name; how to reach them goes."""

    key = "user"
    label = "登录账号"
    goes = "手机、邮箱、职务"
    stays = "姓名和办理记录：履职行为须能追溯到人（网络安全法）"

    def find(self, actor: User, subject: Subject) -> Iterator[tuple[User, bool]]:
        rows = User.objects.filter(is_service=False, full_name=subject.name)
        streets = office_streets(actor)
        if streets is not None:
            theirs = Posting.objects.filter(user_id=OuterRef("pk"), grid__community_id__in=streets).order_by()
            rows = rows.filter(Exists(theirs), is_superuser=False)
        for row in rows.filter(Q(phone__in=subject.phones) | Q(phone="")).order_by("pk"):
            yield row, bool(row.phone)

    def title(self, row: User) -> str:
        return f"{mask_name(row.full_name)} {mask_phone(row.phone)}（{'在用' if row.is_active else '已停用'}）"

    def pages(self, row: User) -> list[tuple[str, str]]:
        return links(("后台修改", "admin:accounts_user_change", row.pk))

    def copy(self, row: User, subject: Subject) -> list[Fact]:
        secret = ("password", "unread", "is_superuser", "is_staff", "must_change_password")
        postings = row.postings.select_related("grid", "department")  # type: ignore[attr-defined]
        return [*facts_of(row, without=secret), *(("岗位", str(posting)) for posting in postings)]

    def refusal(self, row: User) -> str:
        return "账号还在使用，请先停用" if row.is_active else ""

    def erase(self, row: User, subject: Subject) -> None:
        User.objects.filter(pk=row.pk).update(phone="", email="", title="")


def register_all() -> None:
    """The holders of this floor and those below."""
    register_holder(PersonHolder(PartyMember, "member"))
    register_holder(PersonHolder(ResidentContact, "contact"))
    for model, label, detail, argument in (
        (ResidentUnit, "成员单位联系人", "members:unit_detail", "code"),
        (PartyOrganization, "党组织联系人", "members:organization_detail", "pk"),
        (Venue, "阵地联系人", "members:venue_detail", "pk"),
    ):
        register_holder(NamedHolder(model, label, detail=detail, argument=argument))
    register_holder(
        NominationHolder(
            Nomination,
            "自荐网格长人选",
            name="nominee_name",
            phone="nominee_phone",
            goes="人选姓名、手机和自荐理由",
            stays="自荐的单位、网格和审核结果",
            also={"statement": ""},
            empty=ERASED,
        )
    )
    register_holder(
        RegistrationHolder(
            Registration,
            "报到登记",
            name="name",
            phone="phone",
            goes="姓名、电话、单位名称、特长、可服务时间和说明",
            stays="回执号、网格、日期和结果，用于报到人数",
            detail="members:registration_detail",
        )
    )
    register_holder(AccountHolder())
    register_obstacle(unfinished)
