"""一人一档: entered, corrected, retired and taken back by the desk that may read members; what the page shows."""

from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import normalize_name, normalize_phone
from members import people as rules
from members.choices import AccessKind, LeaveReason
from members.dossier import sections
from members.models import AccessLog, PartyMember, TeamMember
from members.people import Facts, mark_of
from tests import factories
from tests.factories import Tree
from tests.people import People

TODAY = timezone.localdate


@pytest.fixture
def branch(tree: Tree):
    return factories.organization(tree.wenyuan1, "第一党支部", kind="BRANCH")


@pytest.fixture
def member(tree: Tree, branch):
    return factories.member(tree.micro, branch, "欧阳明日", phone="13000005678", skills=["电工"], availability="周末")


def facts(**changed) -> Facts:
    return Facts(**{"name": "王小明", "kind": "REGISTERED", "phone": "13800138000"} | changed)


def given(tree: Tree, branch, **changed) -> dict[str, object]:
    """What a browser sends for a new member."""
    plain = {"name": "王　小明", "kind": "REGISTERED", "phone": "138 0013 8000", "organization": branch.pk}
    return plain | {"grid": tree.micro.pk, "skills": [factories.skill("法律").pk]} | changed


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code in {200, 409}, answer.status_code
    return dict(answer.context["form"].errors)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王　明", "王明"),
        ("阿卜杜拉 • 买买提", "阿卜杜拉·买买提"),
        ("Anne  Smith", "Anne Smith"),
        (" 欧阳 明日 ", "欧阳明日"),
    ],
)
def test_names_have_one_form(text: str, name: str):
    assert normalize_name(text) == name
    assert normalize_phone("１３８-0013 8000") == "13800138000"


class TestRights:
    @pytest.mark.parametrize("who", ["officer", "viewer", "inspector", "staff"])
    def test_without_the_right_to_read_there_is_nothing(self, client, people: People, tree: Tree, branch, member, who):
        user = getattr(people, who)
        client.force_login(user)
        for page in ("detail", "edit", "retire", "restore", "transfer"):
            assert client.get(reverse(f"members:member_{page}", args=[member.pk])).status_code == 404, page
        assert client.get(reverse("members:member_new")).status_code == 403
        for address in ("members:transfer_list", "members:duplicates"):
            assert client.get(reverse(address)).status_code == 403
        with pytest.raises(NotVisible):
            rules.correct_member(actor=user, member_id=member.pk, facts=facts(), expected=None)
        with pytest.raises(NotPermitted):
            rules.register_member(actor=user, grid_id=tree.micro.pk, organization_id=branch.pk, facts=facts())
        assert not AccessLog.objects.exists()

    def test_reading_alone_does_not_write(self, client, people: People, member):
        Posting.objects.filter(user=people.viewer).update(party_access=PartyAccess.ALLOWED)
        client.force_login(people.viewer)
        address = reverse("members:member_detail", args=[member.pk])
        answer = client.get(address)
        assert answer.status_code == 200
        assert not answer.context["keeps"]
        for page in ("edit", "retire", "restore", "transfer"):
            assert client.get(reverse(f"members:member_{page}", args=[member.pk])).status_code == 403, page
        with pytest.raises(NotPermitted):
            rules.retire_member(actor=people.viewer, member_id=member.pk, reason=LeaveReason.DECEASED, on=TODAY())
        # And the desk whose posting says No reads nothing.
        Posting.objects.filter(user=people.liaison).update(party_access=PartyAccess.DENIED)
        client.force_login(people.liaison)
        assert client.get(address).status_code == 404

    @pytest.mark.parametrize("who", ["stranger", "far_stranger"])
    def test_a_stranger_neither_reads_nor_enters_into_a_foreign_grid(
        self, people: People, tree: Tree, branch, member, who
    ):
        user = getattr(people, who)
        for act in (
            lambda: rules.correct_member(actor=user, member_id=member.pk, facts=facts(), expected=None),
            lambda: rules.retire_member(actor=user, member_id=member.pk, reason="DECEASED", on=TODAY()),
            lambda: rules.restore_member(actor=user, member_id=member.pk),
        ):
            with pytest.raises(NotVisible):
                act()
        with pytest.raises(InvalidInput) as refused:
            rules.register_member(actor=user, grid_id=tree.micro.pk, organization_id=branch.pk, facts=facts())
        assert refused.value.field == "grid"


class TestEntering:
    def test_by_the_form(self, client, people: People, tree: Tree, branch):
        unit = factories.unit(tree.micro2, "U000077", "凉城商务楼", kind="BUSINESS_PARK")
        client.force_login(people.liaison)
        sent = given(
            tree, branch, unit="凉城商务楼", user=people.officer.pk, joined_on="2001-07-01", availability="周末"
        )
        answer = client.post(reverse("members:member_new"), sent)
        made = PartyMember.objects.get()
        assert answer["Location"] == reverse("members:member_detail", args=[made.pk])
        assert (made.name, made.phone, made.unit, made.user) == ("王小明", "13800138000", unit, people.officer)
        assert (made.community, made.micro_unit, [skill.name for skill in made.skills.all()]) == (
            tree.street,
            tree.micro,
            ["法律"],
        )
        assert made.history.get().history_user == people.liaison

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": "王"}, "name"),
            ({"name": ""}, "name"),
            ({"kind": "OTHER"}, "kind"),
            ({"phone": "138"}, "phone"),
            ({"joined_on": "1900-01-01"}, "joined_on"),
            ({"joined_on": "3000-01-01"}, "joined_on"),
            ({"joined_on": "昨天"}, "joined_on"),
            ({"organization": "999"}, "organization"),
            ({"grid": "999"}, "grid"),
            ({"unit": "没有这家"}, "unit"),
            ({"skills": ["999"]}, "skills"),
            ({"user": "999"}, "user"),
            ({"availability": "长" * 61}, "availability"),
        ],
    )
    def test_what_is_wrong_is_named_and_what_was_typed_stays(self, client, people, tree, branch, wrong, field):
        client.force_login(people.liaison)
        answer = client.post(reverse("members:member_new"), given(tree, branch, note="会修水管") | wrong)
        assert list(errors(answer)) == [field]
        assert "会修水管" in answer.content.decode()
        assert not PartyMember.objects.exists()

    def test_only_ones_own_grids_and_organizations_with_members_are_offered(
        self, client, people: People, tree: Tree, branch
    ):
        factories.organization(tree.liangsan, "外面的支部", kind="BRANCH")
        undivided = factories.organization(tree.wenyuan1, "小总支")
        divided = factories.organization(tree.wenyuan1, "大总支")
        factories.organization(tree.wenyuan1, "大总支一支部", kind="BRANCH", parent=divided)
        factories.organization(tree.wenyuan1, "党工委", kind="WORKING_COMMITTEE")
        client.force_login(people.liaison)
        form = client.get(reverse("members:member_new")).context["form"]
        offered = [pk for _, rows in form.fields["organization"].choices if isinstance(rows, list) for pk, _ in rows]
        assert {branch.pk, undivided.pk} < set(offered)
        assert len(offered) == 3
        assert [int(pk) for pk, _ in form.fields["grid"].choices if pk] == [
            tree.wenyuan1.pk,
            tree.micro.pk,
            tree.micro2.pk,
        ]
        with pytest.raises(InvalidInput) as refused:
            rules.register_member(
                actor=people.liaison, grid_id=tree.micro.pk, organization_id=divided.pk, facts=facts()
            )
        assert refused.value.code == "organization_kind"

    def test_an_account_serves_in_the_street_and_stands_in_one_record(self, people: People, tree: Tree, branch, member):
        rules.correct_member(
            actor=people.liaison, member_id=member.pk, facts=facts(user_id=people.officer.pk), expected=None
        )
        factories.contact(tree.micro, user=people.officer2)
        elsewhere = factories.posted("elsewhere", Tree("310109099").micro)
        for account, code in (
            (people.officer, "account_taken"),
            (people.officer2, "account_taken"),
            (elsewhere, "unknown_account"),
            (factories.user("nowhere"), "unknown_account"),
        ):
            with pytest.raises(InvalidInput) as refused:
                rules.register_member(
                    actor=people.liaison,
                    grid_id=tree.micro.pk,
                    organization_id=branch.pk,
                    facts=facts(name="李大同", phone="", user_id=account.pk),
                )
            assert (refused.value.code, refused.value.field) == (code, "user"), account

    def test_who_is_known_already_is_named_before_saving(self, client, people: People, tree: Tree, branch, member):
        far = factories.member(tree.xiuyuan, factories.organization(tree.xiuyuan), "李大同", phone="13811112222")
        client.force_login(people.liaison)
        address = reverse("members:member_new")
        same = given(tree, branch, name="欧阳 明日", phone="", grid=tree.micro2.pk)
        answer = client.post(address, same)
        assert "欧***（第一党支部）" in errors(answer)["confirmed"][0]
        assert "欧阳明日" not in answer.content.decode().replace('value="欧阳 明日"', "")
        assert PartyMember.objects.count() == 2
        assert client.post(address, same | {"confirmed": "on"}).status_code == 302
        # What lies out of sight is not told to whoever types a name and a number.
        assert client.post(address, given(tree, branch, name=far.name, phone=far.phone)).status_code == 302
        # Another telephone and another 居民区: just a namesake.
        assert (
            rules.suspects(people.dispatcher, PartyMember(name=far.name, grid=tree.academy, community=tree.street))
            == []
        )


class TestCorrecting:
    def sent(self, member, **changed) -> dict[str, object]:
        plain = {"name": member.name, "kind": member.kind, "phone": member.phone, "seen": mark_of(member)}
        return plain | {"availability": member.availability} | changed

    def test_whole_data_in_the_form_is_noted(self, client, people: People, member):
        client.force_login(people.liaison)
        address = reverse("members:member_edit", args=[member.pk])
        for _ in range(2):
            assert "13000005678" in client.get(address).content.decode()
        entry = AccessLog.objects.get()
        assert (entry.kind, entry.user, entry.object_id) == (AccessKind.REVEALED, people.liaison, member.pk)
        assert client.post(address, self.sent(member, kind="IN_SERVICE")).status_code == 302
        member.refresh_from_db()
        assert (member.kind, member.skills.count()) == ("IN_SERVICE", 0)

    def test_a_stale_form_is_told_and_keeps_what_was_typed(self, client, people: People, member):
        old = self.sent(member, name="欧阳明月", phone="13000009999")
        rules.correct_member(
            actor=people.head, member_id=member.pk, facts=facts(name="欧阳明日", phone="13811110000"), expected=None
        )
        client.force_login(people.liaison)
        address = reverse("members:member_edit", args=[member.pk])
        answer = client.post(address, old)
        assert answer.status_code == 409
        assert ("手机", "13811110000") in answer.context["stored"]
        assert 'value="13000009999"' in answer.content.decode()
        assert PartyMember.objects.get().phone == "13811110000"
        # Having looked, it may be saved: the page has brought the new mark along.
        again = old | {"seen": answer.context["form"].data["seen"]}
        assert client.post(address, again).status_code == 302
        assert PartyMember.objects.get().phone == "13000009999"

    def test_merged_and_erased_records_are_closed(self, client, people: People, tree: Tree, branch, member):
        other = factories.member(tree.micro, branch, "李大同")
        PartyMember.objects.filter(pk=member.pk).update(merged_into=other, is_active=False)
        PartyMember.objects.filter(pk=other.pk).update(erased_at=timezone.now())
        for pk, code in ((member.pk, "member_merged"), (other.pk, "member_erased")):
            with pytest.raises(DomainError) as refused:
                rules.correct_member(actor=people.liaison, member_id=pk, facts=facts(), expected=None)
            assert refused.value.code == code
        client.force_login(people.liaison)
        answer = client.get(reverse("members:member_detail", args=[member.pk]))
        assert answer["Location"] == reverse("members:member_detail", args=[other.pk])


class TestRetiring:
    def test_and_taking_back(self, client, people: People, tree: Tree, member):
        client.force_login(people.liaison)
        address = reverse("members:member_retire", args=[member.pk])
        tomorrow = TODAY() + timedelta(days=1)
        wrong = client.post(
            address, {"reason": "MOVED_AWAY", "on": tomorrow, "note": "去外地", "seen": mark_of(member)}
        )
        assert list(errors(wrong)) == ["on"]
        sent = {"reason": "MOVED_AWAY", "on": TODAY(), "note": "去外地", "seen": mark_of(member)}
        assert client.post(address, sent).status_code == 302
        member.refresh_from_db()
        assert (member.is_active, member.retired_as, member.retired_note) == (False, "MOVED_AWAY", "去外地")
        assert not PartyMember.objects.active().exists()
        page = client.get(reverse("members:member_detail", args=[member.pk])).content.decode()
        assert "迁出本街道，去外地" in page
        assert client.post(address, sent | {"seen": mark_of(member)}).status_code == 200
        with pytest.raises(DomainError) as refused:
            rules.retire_member(actor=people.liaison, member_id=member.pk, reason="DECEASED", on=TODAY())
        assert refused.value.code == "member_retired"
        back = reverse("members:member_restore", args=[member.pk])
        assert client.post(back, {"seen": "older"}).status_code == 409
        assert client.post(back, {"seen": client.get(back).context["seen"]}).status_code == 302
        member.refresh_from_db()
        assert (member.is_active, member.retired_on, member.retired_as) == (True, None, "")
        with pytest.raises(StaleObject):
            rules.retire_member(
                actor=people.liaison, member_id=member.pk, reason="DECEASED", on=TODAY(), expected="older"
            )


class TestPage:
    def test_everything_they_did_as_far_as_the_reader_sees_it(self, client, people: People, tree: Tree, branch, member):
        PartyMember.objects.filter(pk=member.pk).update(user=people.officer, joined_on=factories.long_ago())
        factories.posting(people.officer, tree.academy, Role.VIEWER)
        factories.building(tree.micro, factories.unit(tree.micro), leader_member=member, lane="7", number="8")
        for grid in (tree.micro, tree.xiuyuan):
            TeamMember.objects.create(team=factories.team(grid, f"{grid}队"), member=member, is_leader=True)
        mine = factories.case(people.officer, tree.micro)
        # Filed by them as well, confidential at the street: the 居民区 does not see it, and does not count it.
        hidden = factories.case(people.officer, tree.micro)
        type(hidden).objects.filter(pk=hidden.pk).update(confidential=True, handling_level="COMMUNITY")
        client.force_login(people.liaison)
        answer = client.get(reverse("members:member_detail", args=[member.pk]))
        seen = answer.content.decode()
        for words in ("凉城路7弄8号", "文苑一微1队", "队长", mine.number, "武装学院", "2020-01-01", "入党"):
            assert words in seen, words
        for words in (f"{tree.xiuyuan}队", hidden.number, "欧阳明日", "13000005678"):
            assert words not in seen, words
        member.refresh_from_db()
        counts = {
            who: next(
                section.context["counts"]
                for section in sections(getattr(people, who), member)
                if section.title == "经办的案件"
            )
            for who in ("liaison", "dispatcher")
        }
        assert (counts["liaison"]["all"], counts["liaison"]["filed"], counts["dispatcher"]["all"]) == (1, 1, 2)

    def test_opening_is_noted_once_a_day(self, client, people: People, member):
        for user in (people.liaison, people.head):
            client.force_login(user)
            for _ in range(2):
                client.get(reverse("members:member_detail", args=[member.pk]))
        assert [(row.user, row.kind) for row in AccessLog.objects.order_by("pk")] == [
            (people.liaison, AccessKind.OPENED),
            (people.head, AccessKind.OPENED),
        ]

    @pytest.mark.parametrize("size", [1, 30])
    def test_costs_the_same_at_every_size(self, client, people: People, tree: Tree, member, statements, size: int):
        PartyMember.objects.filter(pk=member.pk).update(user=people.officer)
        unit = factories.unit(tree.micro)
        for number in range(size):
            factories.building(tree.micro, unit, leader_member=member)
            TeamMember.objects.create(team=factories.team(tree.micro, f"队{number}"), member=member)
        for _ in range(min(size, 9)):
            factories.case(people.officer, tree.micro)
        client.force_login(people.liaison)
        with statements(19):
            client.get(reverse("members:member_detail", args=[member.pk]))
        with statements(12):
            client.get(reverse("members:member_edit", args=[member.pk]))


class TestAdmin:
    ADDRESS = "/admin/members/partymember/"

    def staff(self, person):
        type(person).objects.filter(pk=person.pk).update(is_staff=True)
        return factories.fresh(person)

    def test_whole_in_the_form_of_the_desk_only_and_noted(self, client, people: People, tree: Tree, member):
        client.force_login(self.staff(people.liaison))
        assert "欧阳明日" not in client.get(self.ADDRESS).content.decode()
        assert client.get(f"{self.ADDRESS}{member.pk}/change/").status_code == 200
        Posting.objects.filter(user=people.viewer).update(party_access=PartyAccess.ALLOWED)
        client.force_login(self.staff(people.viewer))
        for page in ("", "?q=oymr", f"{member.pk}/change/", f"{member.pk}/history/"):
            shown = client.get(self.ADDRESS + page).content.decode()
            assert "欧***" in shown, page
            assert "欧阳明日" not in shown, page
            assert "13000005678" not in shown, page
        assert client.post(f"{self.ADDRESS}{member.pk}/change/", {"name": "改名"}).status_code == 403
        assert list(AccessLog.objects.values_list("user", "kind").order_by("pk")) == [
            (people.liaison.pk, "OPENED"),
            (people.liaison.pk, "REVEALED"),
            (people.viewer.pk, "OPENED"),
        ]
        # So are the choices that other forms offer.
        register = site._registry[PartyMember]
        for who in ("liaison", "viewer"):
            asking = RequestFactory().get("/")
            asking.user = factories.fresh(getattr(people, who))
            assert register.label_of(asking, member) == "欧*** 130****5678"

    def test_the_same_rules(self, client, people: People, tree: Tree, branch, member):
        client.force_login(self.staff(people.liaison))
        sent = {"name": "欧阳明日", "kind": "REGISTERED", "organization": branch.pk, "grid": tree.micro.pk, "phone": ""}
        refused = client.post(self.ADDRESS + "add/", sent)
        assert "confirmed" in refused.context["adminform"].form.errors
        assert client.post(self.ADDRESS + "add/", sent | {"confirmed": "on"}).status_code == 302
        foreign = client.post(self.ADDRESS + "add/", sent | {"grid": tree.liangsan.pk, "name": "李大同"})
        assert "grid" in foreign.context["adminform"].form.errors
        change = f"{self.ADDRESS}{member.pk}/change/"
        stale = client.post(change, {"name": "欧阳明月", "kind": "REGISTERED", "phone": "", "seen": "older"})
        assert "别人修改过" in stale.content.decode()
        # Where a member belongs is not in this form, whatever is sent.
        sent = {"name": "欧阳明月", "kind": "REGISTERED", "phone": "", "grid": tree.micro2.pk, "seen": mark_of(member)}
        assert client.post(change, sent).status_code == 302
        member.refresh_from_db()
        assert (member.name, member.grid) == ("欧阳明月", tree.micro)
