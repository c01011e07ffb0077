"""请假代班: who may name whom, for how long; what is lent and what never is; the pages and the admin."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from grids import standins
from grids.authority import office_streets, runs_street
from grids.choices import Role
from grids.models import StandIn
from grids.scoping import scope_of
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted, NotVisible
from tests import factories
from tests.factories import Tree, fresh
from tests.people import People

PAGE = "/grids/standin/"
ADMIN = "/admin/grids/standin/"


def day(offset: int) -> date:
    return timezone.localdate() + timedelta(days=offset)


def appoint(actor: User, user: User, stand_in: User, start: int = 0, last: int = 3, reason: str = "") -> StandIn:
    return standins.appoint(
        actor=fresh(actor), user=user, stand_in=stand_in, valid_from=day(start), valid_to=day(last), reason=reason
    )


def refused(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(DomainError) as error:
        appoint(*args, **kwargs)
    assert not StandIn.objects.filter(created_by=args[0]).exists()
    return error.value.code


def served(person: User) -> set[tuple[int, int]]:
    """(whose posting, grid) of all that a new request would find."""
    return {(post.for_user_id, post.grid_id) for post in scope_of(fresh(person)).posts}


class TestAppointing:
    def test_one_names_ones_own(self, people: People):
        made = appoint(people.liaison, people.liaison, people.head, reason="  年休假 ")
        assert (made.user, made.stand_in, made.created_by) == (people.liaison, people.head, people.liaison)
        assert (made.valid_from, made.valid_to, made.reason) == (day(0), day(3), "年休假")
        assert made.history.get().history_type == "+"

    def test_the_office_names_for_others_and_nobody_else_does(self, people: People):
        for actor in (people.head, people.area_head, people.inspector, people.stranger):
            assert refused(actor, people.liaison, people.head) == "not_permitted"
        assert appoint(people.dispatcher, people.liaison, people.head).created_by == people.dispatcher

    def test_the_office_of_another_street_does_not(self, people: People):
        other = Tree("310109017")
        boss = factories.posted("other_boss", other.street, Role.HEAD)
        assert refused(boss, people.liaison, people.head) == "not_permitted"

    def test_a_superuser_may(self, people: People):
        boss = User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")
        assert appoint(boss, people.liaison, people.head).pk

    def test_a_lent_office_names_nobody(self, people: People):
        factories.stand_in(people.dispatcher, people.liaison)
        helper = fresh(people.liaison)
        assert runs_street(helper)
        assert office_streets(helper, own=True) == frozenset()
        # Else the stand-in of the office could stay it for ever.
        assert refused(people.liaison, people.dispatcher, people.liaison, start=1) == "not_permitted"
        assert refused(people.liaison, people.head, people.officer) == "not_permitted"

    def test_days(self, people: People):
        who = (people.liaison, people.liaison, people.head)
        assert refused(*who, start=2, last=1) == "dates_order"
        assert refused(*who, start=-1) == "past_date"
        assert refused(*who, start=5, last=5 + standins.MOST_DAYS) == "standin_too_long"
        assert appoint(*who, start=5, last=4 + standins.MOST_DAYS).pk

    def test_the_stand_in_is_a_person_who_serves_in_the_street(self, people: People, tree: Tree):
        elsewhere = factories.posted("elsewhere", Tree("310109017").micro)
        idle, ended, expired = (factories.posted(name, tree.micro) for name in ("idle", "ended", "expired"))
        User.objects.filter(pk=idle.pk).update(is_active=False)
        ended.postings.update(valid_to=day(-1))
        User.objects.filter(pk=expired.pk).update(valid_until=day(-1))
        unposted, system = factories.user("unposted"), factories.service("hotline", tree.street)
        for stand_in in (elsewhere, idle, ended, expired, unposted, system):
            assert refused(people.liaison, people.liaison, stand_in) == "unknown_standin", stand_in
        assert refused(people.liaison, people.liaison, people.liaison) == "standin_self"
        # Anywhere in the street will do, a department as well.
        assert appoint(people.liaison, people.liaison, people.staff).pk

    def test_who_has_nothing_to_lend_needs_nobody(self, people: People, tree: Tree):
        idle = factories.user("idle")
        assert refused(idle, idle, people.head) == "standin_no_posting"
        system = factories.service("hotline", tree.street)
        assert refused(system, system, people.head) == "not_permitted"

    def test_one_at_a_time(self, people: People):
        first = appoint(people.liaison, people.liaison, people.head, start=2, last=4)
        for start, last in ((0, 2), (3, 3), (4, 9), (0, 9)):
            with pytest.raises(DomainError, match="代班") as error:
                appoint(people.liaison, people.liaison, people.officer, start=start, last=last)
            assert error.value.code == "standin_overlap"
        appoint(people.liaison, people.liaison, people.officer, start=0, last=1)
        # One may stand in for several, and be away oneself.
        appoint(people.head, people.head, people.officer, start=0, last=9)
        standins.end(actor=people.liaison, stand_in_id=first.pk)
        appoint(people.liaison, people.liaison, people.officer, start=2, last=4)

    def test_the_database_holds_the_constraints(self, people: People):
        for person, days in ((people.liaison, 1), (people.head, 0)):
            with pytest.raises(IntegrityError), transaction.atomic():
                factories.stand_in(people.liaison, person, days=days)


class TestEnding:
    def test_at_once_and_once(self, people: People, tree: Tree):
        row = factories.stand_in(people.liaison, people.stranger, days=9)
        assert (people.liaison.pk, tree.wenyuan1.pk) in served(people.stranger)
        ended = standins.end(actor=people.liaison, stand_in_id=row.pk)
        assert served(people.stranger) == {(people.stranger.pk, tree.liangsan.pk)}
        assert standins.end(actor=people.liaison, stand_in_id=row.pk).ended_at == ended.ended_at
        assert row.history.first().ended_at == ended.ended_at

    def test_by_whom(self, people: People):
        row = factories.stand_in(people.liaison, people.stranger)
        with pytest.raises(NotPermitted):
            standins.end(actor=people.stranger, stand_in_id=row.pk)
        for outsider in (people.head, people.area_head):
            with pytest.raises(NotVisible):
                standins.end(actor=outsider, stand_in_id=row.pk)
        with pytest.raises(NotVisible):
            standins.end(actor=people.liaison, stand_in_id=4_000_000)
        assert standins.end(actor=people.dispatcher, stand_in_id=row.pk).ended_at

    def test_what_is_over_stays_over(self, people: People):
        row = factories.stand_in(people.liaison, people.stranger, start=-2)
        with pytest.raises(DomainError) as error:
            standins.end(actor=people.liaison, stand_in_id=row.pk)
        assert error.value.code == "standin_over"


class TestWhatIsLent:
    @pytest.mark.parametrize(
        ("start", "days", "lent"), [(-3, 3, False), (-3, 4, True), (0, 1, True), (0, 3, True), (1, 3, False)]
    )
    def test_within_the_days_only(self, people: People, tree: Tree, start: int, days: int, lent: bool):
        factories.stand_in(people.liaison, people.stranger, start=start, days=days)
        own = {(people.stranger.pk, tree.liangsan.pk)}
        assert served(people.stranger) == (own | {(people.liaison.pk, tree.wenyuan1.pk)} if lent else own)
        away = (people.liaison.pk,) if lent else ()
        assert scope_of(fresh(people.stranger)).user_ids == (people.stranger.pk, *away)
        # The person who is away keeps all they have.
        assert served(people.liaison) == {(people.liaison.pk, tree.wenyuan1.pk)}

    def test_in_one_statement(self, people: People, statements):
        factories.stand_in(people.liaison, people.stranger)
        factories.stand_in(people.head, people.stranger)
        person = fresh(people.stranger)
        with statements(1):
            assert len(scope_of(person).posts) == 3

    def test_not_transitive(self, people: People, tree: Tree):
        factories.stand_in(people.liaison, people.officer)
        factories.stand_in(people.officer, people.stranger)
        assert served(people.stranger) == {
            (people.stranger.pk, tree.liangsan.pk),
            (people.officer.pk, tree.micro.pk),
        }

    def test_nothing_of_an_account_that_has_ended(self, people: People, tree: Tree):
        factories.stand_in(people.liaison, people.stranger)
        for change in ({"is_active": False}, {"valid_until": day(-1)}):
            User.objects.filter(pk=people.liaison.pk).update(is_active=True, valid_until=None)
            User.objects.filter(pk=people.liaison.pk).update(**change)
            assert scope_of(fresh(people.stranger)).user_ids == (people.stranger.pk,), change

    def test_nothing_of_a_posting_that_has_ended(self, people: People):
        factories.stand_in(people.liaison, people.stranger)
        people.liaison.postings.update(valid_to=day(-1))
        assert scope_of(fresh(people.stranger)).user_ids == (people.stranger.pk,)

    def test_nothing_to_a_stand_in_who_has_left(self, people: People):
        factories.stand_in(people.liaison, people.stranger)
        User.objects.filter(pk=people.stranger.pk).update(valid_until=day(-1))
        assert served(people.stranger) == set()
        User.objects.filter(pk=people.stranger.pk).update(valid_until=None)
        people.stranger.postings.update(valid_to=day(-1))
        assert served(people.stranger) == set()
        assert standins.stand_ins_of([people.liaison.pk]) == {}

    def test_never_to_or_from_a_system(self, people: People, tree: Tree):
        system = factories.service("hotline", tree.liangsan)
        factories.stand_in(people.liaison, system)
        factories.stand_in(system, people.head)
        assert served(system) == {(system.pk, tree.liangsan.pk)}
        assert served(people.head) == {(people.head.pk, tree.wenyuan1.pk)}

    def test_never_a_superusers_rights(self, people: People, tree: Tree):
        boss = User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")
        factories.posting(boss, tree.xiuyuan, Role.LIAISON)
        factories.stand_in(boss, people.stranger)
        scope = scope_of(fresh(people.stranger))
        assert not scope.everything
        assert {post.grid_id for post in scope.posts} == {tree.liangsan.pk, tree.xiuyuan.pk}

    def test_who_stands_in_for_whom(self, people: People, statements):
        factories.stand_in(people.liaison, people.stranger)
        factories.stand_in(people.head, people.stranger, start=1)
        wanted = [people.liaison.pk, people.head.pk, people.officer.pk]
        with statements(1):
            assert standins.stand_ins_of(wanted) == {people.liaison.pk: {people.stranger.pk}}
        assert standins.stand_ins_of(wanted, day(1)) == {people.head.pk: {people.stranger.pk}}


class TestPage:
    def open(self, person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    def given(self, stand_in: User, **more: Any) -> dict[str, Any]:
        return {"stand_in": stand_in.pk, "valid_from": f"{day(0)}", "valid_to": f"{day(2)}", "reason": "年休假"} | more

    def test_from_my_page_and_back(self, people: People):
        client = self.open(people.liaison)
        assert PAGE in client.get("/accounts/me/").content.decode()
        answer = client.post(PAGE, self.given(people.head))
        assert answer.headers["Location"] == "/accounts/me/"
        mine = client.get("/accounts/me/").content.decode()
        assert "测试head 替我" in mine
        assert f"{day(0)} 至 {day(2)}，年休假" in mine
        theirs = self.open(people.head).get("/accounts/me/").content.decode()
        assert "我替 测试liaison" in theirs
        assert "结束</button>" not in theirs

    def test_colleagues_of_the_same_grid_come_first(self, people: People, statements):
        client = self.open(people.liaison)
        groups = [heading for heading, _ in standins.candidates(people.liaison)]
        assert groups == ["同一岗位网格或部门", "同一片区", "本街道其他人员"]
        html = client.get(PAGE).content.decode()
        order = [html.index(f"测试{name}（") for name in ("head", "stranger", "far_stranger")]
        assert order == sorted(order)
        assert "测试liaison（" not in html
        assert "测试staff（城管中队）" in html

    @pytest.mark.parametrize("size", [0, 60])
    def test_statements(self, people: People, tree: Tree, statements, size: int):
        for number in range(size):
            factories.posted(f"more{number}", tree.micro)
        client = self.open(people.liaison)
        with statements(6):
            client.get(PAGE)

    def test_errors_keep_what_was_typed(self, people: People):
        client = self.open(people.liaison)
        answer = client.post(PAGE, self.given(people.head, valid_to=f"{day(-1)}"))
        html = answer.content.decode()
        assert "结束日期不能早于开始日期。" in html
        assert f'value="{day(-1)}"' in html
        assert f'<option value="{people.head.pk}" selected>' in html
        assert 'value="年休假"' in html
        empty = client.post(PAGE, {}).content.decode()
        for words in ("请选择代班人。", "请填写开始日期。", "请填写结束日期。"):
            assert words in empty

    def test_a_name_that_is_not_offered_is_refused(self, people: People):
        elsewhere = factories.posted("elsewhere", Tree("310109017").micro)
        for given in (elsewhere.pk, people.liaison.pk, "x", 4_000_000):
            answer = self.open(people.liaison).post(PAGE, self.given(people.head) | {"stand_in": given})
            assert "请在列出的人员中选择代班人。" in answer.content.decode()
        assert not StandIn.objects.exists()

    def test_ending(self, people: People):
        row = factories.stand_in(people.liaison, people.head)
        address = f"{PAGE}{row.pk}/end/"
        assert self.open(people.liaison).get(address).status_code == 405
        assert self.open(people.stranger).post(address).status_code == 404
        assert self.open(people.head).post(address).status_code == 403
        client = self.open(people.liaison)
        assert client.post(address).headers["Location"] == "/accounts/me/"
        assert "替我" not in client.get("/accounts/me/").content.decode()

    def test_strangers_sign_in_first(self, people: People):
        assert Client().get(PAGE).status_code == 302
        assert Client().post(f"{PAGE}1/end/").status_code == 302


class TestAdmin:
    def office(self, person: User) -> Client:
        User.objects.filter(pk=person.pk).update(is_staff=True)
        client = Client()
        client.force_login(person)
        return client

    def test_the_office_names_through_the_rule(self, people: People):
        client = self.office(people.dispatcher)
        given = {"user": people.liaison.pk, "stand_in": people.head.pk, "valid_from": f"{day(0)}", "reason": ""}
        wrong = client.post(ADMIN + "add/", given | {"valid_to": f"{day(70)}"})
        assert "一次代班最多 60 天" in wrong.content.decode()
        assert client.post(ADMIN + "add/", given | {"valid_to": f"{day(3)}"}).status_code == 302
        made = StandIn.objects.get()
        assert (made.created_by, made.stand_in) == (people.dispatcher, people.head)
        page = client.get(f"{ADMIN}{made.pk}/change/")
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()
        assert client.post(f"{ADMIN}{made.pk}/change/", given | {"valid_to": f"{day(9)}"}).status_code == 403
        assert client.get(f"{ADMIN}{made.pk}/history/").status_code == 200

    def test_ending(self, people: People):
        row = factories.stand_in(people.liaison, people.head)
        over = factories.stand_in(people.head, people.officer, start=-3)
        client = self.office(people.dispatcher)
        answer = client.post(ADMIN, {"action": "end", "_selected_action": [row.pk, over.pk]})
        said = " ".join(map(str, get_messages(answer.wsgi_request)))
        assert "已结束，即时生效。" in said
        assert "这次代班已经到期" in said
        assert StandIn.objects.get(pk=row.pk).ended_at

    def test_read_by_the_office_of_the_street_only(self, people: People):
        row = factories.stand_in(people.liaison, people.head)
        for person in (people.area_head, people.liaison, people.inspector):
            assert self.office(person).get(ADMIN).status_code == 403
        other = self.office(factories.posted("other_boss", Tree("310109017").street, Role.HEAD))
        assert other.get(ADMIN).context["cl"].result_count == 0
        assert other.get(f"{ADMIN}{row.pk}/change/").status_code == 404
        assert self.office(people.street_head).get(ADMIN).context["cl"].result_count == 1

    def test_a_lent_office_reads_but_does_not_name_or_end(self, people: People):
        row = factories.stand_in(people.dispatcher, people.liaison, days=9)
        client = self.office(people.liaison)
        assert client.get(ADMIN).context["cl"].result_count == 1
        assert client.get(ADMIN + "add/").status_code == 403
        client.post(ADMIN, {"action": "end", "_selected_action": [row.pk]})
        assert StandIn.objects.get(pk=row.pk).ended_at is None

    @pytest.mark.parametrize(("state", "names"), [("now", {"head"}), ("coming", {"officer"}), ("over", {"officer2"})])
    def test_by_state(self, people: People, state: str, names: set[str]):
        for start, person in ((0, people.head), (3, people.officer), (-3, people.officer2)):
            factories.stand_in(people.liaison, person, start=start)
        found = self.office(people.dispatcher).get(f"{ADMIN}?state={state}").context["cl"].queryset
        assert {row.stand_in.username for row in found} == names
