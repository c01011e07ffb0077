"""志愿服务: who records, who confirms, what counts, and what a stranger sees."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from members import services
from members.choices import AccessKind, ServiceState
from members.models import AccessLog, ServiceRecord
from members.roll import Ref, named, ref_of
from members.services import Deed
from tests import factories
from tests.cases.web import browser, stray_english, visible_text
from tests.common.together import together
from tests.factories import Tree
from tests.people import People


def deed(hours: str = "2", kind: str = "PATROL", on: date | None = None, what: str = "夜间巡逻。") -> Deed:
    return Deed(on or timezone.localdate(), Decimal(hours), kind, what)


@pytest.fixture
def folk(people: People, tree: Tree) -> People:
    """With a member (the officer's own record), another one, and a contact of 文苑一微1."""
    branch = factories.organization(tree.wenyuan1)
    people.me = factories.member(tree.micro, branch, "吴国强", phone="13000001111", user=people.officer)
    people.member = factories.member(tree.micro, branch, "欧阳明日", phone="13000005678")
    people.contact = factories.contact(tree.micro, "张阿姨", phone="13000002222")
    return people


def record(actor, *persons, **more) -> list[ServiceRecord]:
    what = more.pop("deed", None) or deed()
    return services.record_service(actor=actor, people=[ref_of(each) for each in persons], deed=what, **more)


class TestRecording:
    def test_one_activity_of_several_people(self, folk: People, tree: Tree):
        rows = record(folk.liaison, folk.member, folk.contact)
        assert [(row.person.name, row.state, row.grid_id) for row in rows] == [
            ("欧阳明日", ServiceState.WAITING, tree.micro.pk),
            ("张阿姨", ServiceState.WAITING, tree.micro.pk),
        ]
        assert rows[0].neighborhood_id == tree.wenyuan1.pk
        assert rows[0].history.count() == 1

    def test_oneself_and_whom_one_serves(self, folk: People):
        assert record(folk.officer, folk.me)[0].entered_by == folk.officer
        assert record(folk.officer, folk.contact)
        # Another's record in the same grid is a party member's: not theirs to read.
        with pytest.raises(NotVisible):
            record(folk.officer, folk.member)
        for reader in (folk.inspector, folk.viewer):
            with pytest.raises(NotPermitted):
                record(reader, folk.contact)
        for stranger in (folk.stranger, folk.far_stranger, folk.officer2, folk.staff):
            with pytest.raises(NotVisible):
                record(stranger, folk.contact)
        assert ServiceRecord.objects.count() == 2

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            (deed("0"), "hours"),
            (deed("24.5"), "hours"),
            (deed("1.3"), "hours"),
            (deed(kind="NOSUCH"), "kind"),
            (deed(what="　"), "what"),
            (deed(what="长" * 301), "what"),
            (deed(on=date.today() + timedelta(days=2)), "on"),
            (deed(on=date.today() - timedelta(days=400)), "on"),
        ],
    )
    def test_wrong_input_is_told_at_its_field(self, folk: People, wrong: Deed, field: str):
        with pytest.raises(InvalidInput) as refused:
            record(folk.liaison, folk.contact, deed=wrong)
        assert refused.value.field == field

    def test_nobody_serves_more_than_a_day(self, folk: People):
        record(folk.liaison, folk.contact, deed=deed("20"))
        with pytest.raises(InvalidInput, match="超过 24 小时"):
            record(folk.liaison, folk.contact, folk.member, deed=deed("4.5", "CARE"))
        assert ServiceRecord.objects.count() == 1
        refused = record(folk.liaison, folk.contact, deed=deed("4", "CARE"))[0]
        services.refuse_service(actor=folk.liaison, record_id=refused.pk, reason="没有参加")
        assert record(folk.liaison, folk.contact, deed=deed("4", "MEDIATION"))
        # What was refused waits again once corrected, and must fit as well.
        with pytest.raises(InvalidInput, match="超过 24 小时"):
            services.correct(actor=folk.liaison, record_id=refused.pk, deed=deed("4", "CARE"))

    def test_what_looks_recorded_already_is_asked_about(self, folk: People):
        record(folk.liaison, folk.contact)
        with pytest.raises(InvalidInput) as asked:
            record(folk.liaison, folk.contact)
        assert asked.value.field == "sure"
        assert record(folk.liaison, folk.contact, sure=True)

    def test_names_on_a_list(self, folk: People, tree: Tree):
        twin = factories.contact(tree.micro2, "张阿姨", phone="13000003333")
        assert named(folk.liaison, "欧阳明日\n张阿姨 3333") == [ref_of(folk.member), ref_of(twin)]
        with pytest.raises(InvalidInput) as wrong:
            named(folk.liaison, "欧阳明日、张阿姨\n王不在\n欧阳明日")
        assert [word in wrong.value.message for word in ("2 位同名", "没有找到“王不在”", "写了两次")] == [True] * 3
        # Who may not read members does not learn from a name who is one.
        with pytest.raises(InvalidInput, match="没有找到“欧阳明日”"):
            named(folk.viewer, "欧阳明日")


class TestConfirming:
    def test_the_desk_confirms_never_the_person(self, folk: People):
        row = record(folk.officer, folk.me)[0]
        own_head = factories.member(row.grid, folk.me.organization, "赵网格长", user=folk.head)
        for actor in (folk.officer, folk.inspector):
            Posting.objects.filter(user=actor).update(party_access=PartyAccess.ALLOWED)
            with pytest.raises(NotPermitted):
                services.confirm_service(actor=actor, record_id=row.pk)
        for stranger in (folk.stranger, folk.far_stranger):
            with pytest.raises(NotVisible):
                services.confirm_service(actor=stranger, record_id=row.pk)
        done = services.confirm_service(actor=folk.liaison, record_id=row.pk)
        assert (done.state, done.confirmed_by) == (ServiceState.CONFIRMED, folk.liaison)
        heads = record(folk.head, own_head)[0]
        with pytest.raises(NotPermitted, match="其他人确认"):
            services.confirm_service(actor=folk.head, record_id=heads.pk)
        assert services.confirm_service(actor=folk.area_head, record_id=heads.pk)

    def test_refused_corrected_confirmed_withdrawn(self, folk: People):
        row = record(folk.officer, folk.me)[0]
        services.refuse_service(actor=folk.liaison, record_id=row.pk, reason="时长不符")
        with pytest.raises(DomainError, match="不予确认"):
            services.confirm_service(actor=folk.liaison, record_id=row.pk)
        fixed = services.correct(actor=folk.officer, record_id=row.pk, deed=deed("1.5"))
        assert (fixed.state, fixed.reason, fixed.hours) == (ServiceState.WAITING, "", Decimal("1.5"))
        services.confirm_service(actor=folk.liaison, record_id=row.pk)
        with pytest.raises(DomainError, match="已确认"):
            services.correct(actor=folk.officer, record_id=row.pk, deed=deed("3"))
        with pytest.raises(NotPermitted):
            services.withdraw_confirmation(actor=folk.officer, record_id=row.pk, reason="写错了")
        with pytest.raises(InvalidInput):
            services.withdraw_confirmation(actor=folk.liaison, record_id=row.pk, reason=" ")
        back = services.withdraw_confirmation(actor=folk.head, record_id=row.pk, reason="日期写错")
        assert (back.state, back.confirmed_by, back.reason) == (ServiceState.WAITING, None, "日期写错")
        states = list(row.history.order_by("history_id").values_list("state", "confirmed_by"))
        assert ("CONFIRMED", folk.liaison.pk) in states
        assert len(states) == 5

    def test_an_old_page_does_not_confirm_what_was_changed(self, folk: People):
        row = record(folk.officer, folk.me)[0]
        services.correct(actor=folk.officer, record_id=row.pk, deed=deed("8"), expected_version=1)
        with pytest.raises(StaleObject):
            services.confirm_service(actor=folk.liaison, record_id=row.pk, expected_version=1)

    def test_only_confirmed_hours_count(self, folk: People, tree: Tree, statements):
        year = timezone.localdate().year
        for number, kind in enumerate(("PATROL", "PATROL", "CARE", "OTHER")):
            row = record(folk.liaison, folk.member, deed=deed("2.5", kind), sure=True)[0]
            if number < 3:
                services.confirm_service(actor=folk.liaison, record_id=row.pk)
        with statements(1):
            found = services.performance([folk.member.pk, folk.me.pk], year)
        assert found == {folk.member.pk: [("治安巡逻", 2, Decimal("5.0")), ("敬老助残", 1, Decimal("2.5"))]}
        assert services.performance([folk.member.pk], year - 1) == {}
        reader = factories.fresh(folk.viewer)
        assert reader.is_active
        with statements(2):
            hours = services.hours_by_grid(reader, year)
        assert hours[tree.micro.pk] == hours[tree.street.pk] == (3, Decimal("7.5"))
        assert services.hours_by_grid(folk.stranger, year) == {}


class TestPages:
    def test_the_way_of_a_record(self, folk: People, tree: Tree):
        mine = browser(folk.officer)
        form = {"on": timezone.localdate().isoformat(), "hours": "2", "kind": "PATROL", "what": "夜间巡逻"}
        new = reverse("members:service_new")
        assert mine.post(new, form | {"person": "me"}).url == reverse("members:service_mine")
        again = mine.post(new, form | {"person": "me", "what": "又一次"})
        assert "确实是另一次服务" in again.content.decode()
        assert "又一次" in again.content.decode()
        assert mine.post(new, form | {"person": "me", "sure": "1"}).status_code == 302
        desk = browser(folk.liaison)
        answer = desk.post(new, form | {"names": "欧阳明日\n没有这人", "kind": "CARE"})
        assert "没有找到“没有这人”" in answer.content.decode()
        assert desk.post(new, form | {"names": "欧阳明日\n张阿姨", "kind": "CARE"}).status_code == 302
        listed = desk.get(reverse("members:service_list"))
        assert listed.context["totals"]["waiting"] == 4
        assert "欧阳明日" not in listed.content.decode()
        ids = list(ServiceRecord.objects.values_list("pk", flat=True))
        assert desk.post(reverse("members:service_confirm"), {"record": [*ids, "x", 10**30]}).status_code == 302
        assert ServiceRecord.objects.confirmed().count() == 4
        told = desk.post(reverse("members:service_confirm"), {"record": ids[:1]}, follow=True)
        assert "1 条没有确认：这条服务记录现在是“已确认”" in told.content.decode()
        for address in (reverse("members:service_mine"), reverse("members:service_detail", args=[ids[0]]), new):
            page = mine.get(address)
            assert page.status_code == 200
            assert not stray_english(page.content.decode(), "Excel")

    def test_acts_on_the_record_page(self, folk: People):
        row = record(folk.officer, folk.me)[0]
        desk, address = browser(folk.liaison), reverse("members:service_act", args=[row.pk, "refuse"])
        assert "请写明原因" in desk.post(address, {"version": row.version}).content.decode()
        assert "刚刚被别人更新" in desk.post(address, {"version": 99, "reason": "不符"}).content.decode()
        assert desk.post(address, {"version": row.version, "reason": "不符"}).status_code == 302
        assert browser(folk.officer).post(address, {"version": 2, "reason": "不符"}).status_code == 403
        correct = reverse("members:service_correct", args=[row.pk])
        form = {"on": timezone.localdate().isoformat(), "hours": "1", "kind": "PATROL", "what": "更正", "version": 2}
        assert browser(folk.officer).post(correct, form).status_code == 302
        assert "刚刚被别人更新" in browser(folk.officer).post(correct, form).content.decode()
        assert desk.post(reverse("members:service_act", args=[row.pk, "confirm"]), {"version": 3}).status_code == 302
        assert desk.post(reverse("members:service_act", args=[row.pk, "nosuch"])).status_code == 404

    def test_members_are_read_with_that_right_only(self, folk: People):
        record(folk.liaison, folk.member, deed=deed(what="党员做的"))
        record(folk.liaison, folk.contact, deed=deed(what="骨干做的"))
        page = browser(folk.viewer).get(reverse("members:service_list")).content.decode()
        assert "骨干做的" in page
        assert "党员做的" not in page
        assert "另有党员的志愿服务 1 条" in visible_text(page)
        # Looking for a name says nothing of how many members have it.
        found = browser(folk.viewer).get(reverse("members:service_list"), {"q": "欧阳"})
        assert found.context["unread"] is None
        hidden = ServiceRecord.objects.get(what="党员做的")
        assert browser(folk.viewer).get(reverse("members:service_detail", args=[hidden.pk])).status_code == 404

    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "staff", "officer2"])
    def test_a_stranger_finds_nothing(self, folk: People, who: str):
        rows = record(folk.liaison, folk.member, folk.contact)
        strange = browser(getattr(folk, who))
        listed = strange.get(reverse("members:service_list"))
        assert (listed.context["totals"]["number"], listed.context["unread"]) == (0, None)
        sheet = openpyxl.load_workbook(BytesIO(strange.get(reverse("members:service_export")).content)).active
        assert sheet.max_row == 1
        for row in rows:
            for address in (
                reverse("members:service_detail", args=[row.pk]),
                reverse("members:service_correct", args=[row.pk]),
                reverse("members:service_new") + f"?person={Ref(bool(row.member_id), row.person.pk).token}",
            ):
                assert strange.get(address).status_code == 404, address
            act = reverse("members:service_act", args=[row.pk, "confirm"])
            assert strange.post(act, {"version": 1}).status_code == 404
        strange.post(reverse("members:service_confirm"), {"record": [row.pk for row in rows]})
        assert not ServiceRecord.objects.confirmed().exists()

    def test_filters_and_wrong_values(self, folk: People, tree: Tree):
        record(folk.liaison, folk.member, deed=deed(kind="CARE"))
        record(folk.liaison, folk.contact, deed=deed(on=timezone.localdate() - timedelta(days=40)))
        desk, address = browser(folk.liaison), reverse("members:service_list")
        today = timezone.localdate().isoformat()
        for params, number in (
            ({"q": "oymr"}, 1),
            ({"kind": "CARE"}, 1),
            ({"state": "CONFIRMED"}, 0),
            ({"since": today}, 1),
            ({"until": today}, 2),
            ({"grid": tree.micro2.code}, 0),
            ({"grid": tree.micro.code}, 2),
        ):
            assert desk.get(address, params).context["totals"]["number"] == number, params
        for params in ({"kind": "X"}, {"state": "X"}, {"since": "昨天"}, {"grid": "x\x00"}, {"q": "长" * 31}):
            answer = desk.get(address, params)
            assert answer.context["errors"], params
            assert list(answer.context["page"]) == []

    def test_the_sheet_is_masked_formula_safe_and_logged(self, folk: People):
        record(folk.liaison, folk.member, deed=deed(what="=1+1"))
        for who, name in ((folk.liaison, "欧***"), (folk.head, "欧阳明日")):
            answer = browser(who).get(reverse("members:service_export"))
            rows = list(openpyxl.load_workbook(BytesIO(answer.content)).active.values)
            assert (rows[1][1], rows[1][5], rows[1][6]) == (name, 2, "'=1+1")
        logged = AccessLog.objects.filter(kind=AccessKind.EXPORTED, register="servicerecord", number_of_rows=1)
        assert set(logged.values_list("user", flat=True)) == {folk.liaison.pk, folk.head.pk}

    @pytest.mark.parametrize("size", [5, 60])
    def test_the_price(self, folk: People, tree: Tree, statements, size: int):
        first = record(folk.liaison, folk.member)[0]
        common = {name: getattr(first, name) for name in ("grid_id", "on", "hours", "kind", "what", "entered_by_id")}
        ServiceRecord.objects.bulk_create(
            ServiceRecord(
                **common,
                **first.path_ids(),
                member_id=folk.member.pk if number % 2 else None,
                contact_id=None if number % 2 else folk.contact.pk,
            )
            for number in range(size)
        )
        desk, mine = browser(folk.liaison), browser(folk.officer)
        for client, name, most in ((desk, "list", 9), (desk, "export", 8), (mine, "mine", 9), (desk, "new", 6)):
            with statements(most):
                assert client.get(reverse(f"members:service_{name}")).status_code == 200, name
        with statements(9):
            assert desk.get(reverse("members:service_detail", args=[first.pk])).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_hours_of_a_day_add_up_at_the_same_instant():
    tree = Tree()
    head = factories.posted("head", tree.wenyuan1, Role.HEAD)
    member = factories.member(tree.micro, factories.organization(tree.wenyuan1))

    refused: list[str] = []

    def work() -> None:
        try:
            record(factories.fresh(head), member, deed=deed("8"), sure=True)
        except InvalidInput as error:
            refused.append(error.code)

    together(work, times=6)
    assert ServiceRecord.objects.aggregate(total=Sum("hours"))["total"] == 24
    assert refused == ["too_many_hours"] * 3
