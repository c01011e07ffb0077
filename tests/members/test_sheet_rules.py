"""Sheets do nothing that the rules by hand refuse, and name nobody whom the user does not see."""

from datetime import date

import pytest
from django.test import Client

from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.common import outbox
from members.models import AccessLog, BuildingAlias, PartyMember, PartyOrganization, ResidentUnit, Transfer, Venue
from members.transfers import transfer
from tests import factories
from tests.factories import Tree
from tests.members.test_sheets import BUILDING, MEMBER, MICRO, MICRO2, VENUE, as_exported
from tests.people import People
from tests.sheets import checked, imported, problems, rows_of


@pytest.fixture
def unit(tree: Tree) -> ResidentUnit:
    return factories.unit(tree.micro, "U1", "文苑小区")


@pytest.fixture
def branch(tree: Tree) -> PartyOrganization:
    return factories.organization(tree.wenyuan1)


class TestSheetRules:
    def test_an_own_address_that_is_anothers_alias(self, client: Client, people: People, tree: Tree, unit):
        job = checked(client, people.area_liaison, "buildings", BUILDING)
        other = factories.building(tree.micro, unit, number="9")
        alias = other.aliases.create(community=tree.street, road="凉城路", lane="123", number="4")
        words = "“号”：“凉城路123弄4号”已经是另一幢楼的地址"
        assert words in problems(checked(client, people.area_liaison, "buildings", BUILDING))
        # Named by hand between check and import.
        client.post(f"/imports/{job.pk}/start/")
        outbox.deliver_due()
        job.refresh_from_db()
        assert (job.state, words in problems(job)) == ("REFUSED", True)
        # Its own other address, that the line gives up, may become its first one.
        line = as_exported(people.area_liaison, "buildings", other) | {"号": "4"}
        assert imported(client, people.area_liaison, "buildings", line | {"其他地址": ""}).changed == 1
        assert not BuildingAlias.objects.filter(pk=alias.pk).exists()

    def test_members_belong_and_move_as_by_hand(self, client: Client, people: People, tree: Tree, branch):
        far = factories.organization(tree.liangsan, "凉三党总支")
        factories.organization(tree.street, "街道党工委", kind="WORKING_COMMITTEE")
        for wrong, words in (
            ({"网格编码": tree.area.code}, "“网格编码”：党员登记在居民区或微单元"),
            ({"所在党组织": "街道党工委"}, "“所在党组织”：党员编在党支部或党小组"),
        ):
            assert words in problems(checked(client, people.dispatcher, "members", MEMBER | wrong))
        both = factories.posted("both", tree.wenyuan1, Role.LIAISON)
        factories.posting(both, tree.liangsan)  # a 网格员 there: sees it, and runs no desk
        made = factories.member(tree.micro, branch, "李明", phone="13900000001")
        line = as_exported(both, "members", made)
        for wrong, words in (
            ({"所在党组织": far.name}, "“所在党组织”：请在页面上办理转接，由对方接收"),
            ({"在用": "否"}, "“在用”：请在页面上办理停用或恢复"),
        ):
            assert words in problems(checked(client, both, "members", line | wrong))
        assert imported(client, both, "members", line | {"网格编码": MICRO2}).changed == 1
        moved = Transfer.objects.get()
        assert (moved.state, moved.decided_by, moved.decided_at is not None) == ("DONE", both, True)
        # Sent off by hand after the check: the import waits for the other side, too.
        job = checked(client, both, "members", line)
        transfer(actor=both, member_id=made.pk, to_organization_id=far.pk, on=date.today(), reason="迁居")
        client.post(f"/imports/{job.pk}/start/")
        outbox.deliver_due()
        job.refresh_from_db()
        assert (job.state, "有一份待接收的转接" in problems(job)) == ("REFUSED", True)
        PartyMember.objects.update(is_active=False)
        Transfer.objects.filter(state="WAITING").delete()
        assert "已停用；要办理转接" in problems(checked(client, both, "members", line | {"在用": "否"}))

    def test_whom_the_user_may_not_see_is_neither_written_out_nor_lost(
        self, client, people: People, tree: Tree, branch
    ):
        """Members without the right to read them, people of other grids: not in the export, and untouched by it."""
        far = factories.organization(tree.liangsan, "凉三党总支")
        leader = factories.member(tree.micro, branch, "李明", phone="13900000001")
        foreign = factories.contact(tree.liangsan, "赵四", phone="13900000003")
        own, new = factories.contact(tree.micro, "陈芳", phone="13900000002"), factories.contact(tree.micro, "周六")
        made = factories.team(tree.wenyuan1)
        for person in ({"member": leader, "is_leader": True}, {"contact": foreign}, {"contact": own}):
            made.people.create(**person)
        made.people.create(member=factories.member(tree.liangsan, far, "钱五"))
        client.force_login(people.liaison)
        (line,) = rows_of(client.get("/registers/teams/export/"))
        assert (line["队长"], line["队员"]) == ("李* 139****0001", "陈* 139****0002")
        logged = AccessLog.objects.order_by("register").values_list("register", "kind", "number_of_rows")
        assert list(logged) == [(name, "EXPORTED", 1) for name in ("partymember", "residentcontact", "team")]
        Posting.objects.filter(user__in=[people.liaison, people.head]).update(party_access=PartyAccess.DENIED)
        client.force_login(people.head)
        (line,) = rows_of(client.get("/registers/teams/export/"))
        assert (line["队长"], line["队员"]) == (None, "陈芳 13900000002")
        assert "已有队长，但不在您可以查看" in problems(checked(client, people.head, "teams", line | {"队长": "周六"}))
        assert imported(client, people.head, "teams", line | {"队员": "周六"}).changed == 1
        assert made.people.get(is_leader=True).member == leader
        assert {each.person.name for each in made.people.all()} == {"李明", "赵四", "钱五", new.name}

    def test_a_leader_who_may_not_be_seen_stays(self, client: Client, people: People, tree: Tree, unit, branch):
        leader = factories.member(tree.micro, branch, "李明", phone="13900000001")
        house = factories.building(tree.micro, unit, leader_member=leader)
        assert as_exported(people.area_head, "buildings", house)["楼组长电话"] == "13900000001"
        Posting.objects.filter(user=people.area_head).update(party_access=PartyAccess.DENIED)
        line = as_exported(factories.fresh(people.area_head), "buildings", house)
        assert (line["楼组长"], line["楼组长电话"]) == ("", "")
        for changed in ({"备注": "甲"}, {"备注": "乙", "楼组长电话": "139****0001"}):
            assert imported(client, people.area_head, "buildings", line | changed).changed == 1
            house.refresh_from_db()
            assert house.leader_member == leader

    def test_the_main_venue_is_named_by_the_neighbourhoods_desk(self, client: Client, people: People, tree: Tree):
        user, words = factories.posted("micro_head", tree.micro, Role.HEAD), "“主阵地”：主阵地由居民区或上级网格"
        row = VENUE | {"网格编码": MICRO}
        assert imported(client, user, "venues", row).new == 1
        assert words in problems(checked(client, user, "venues", row | {"名称": "新站", "主阵地": "是"}))
        line = as_exported(user, "venues", Venue.objects.get())
        assert words in problems(checked(client, user, "venues", line | {"主阵地": "是"}))
        assert imported(client, people.liaison, "venues", line | {"主阵地": "是"}).changed == 1
        assert words in problems(checked(client, user, "venues", line))
        assert imported(client, user, "venues", line | {"主阵地": "是", "备注": "甲"}).changed == 1
        above = VENUE | {"网格编码": tree.area.code, "主阵地": "是"}
        assert "主阵地按居民区设" in problems(checked(client, people.area_liaison, "venues", above))
