"""双报告: letters that say what was, to whom, by whom, and the day on which the unit was told."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from grids.choices import PartyAccess, Role
from grids.models import Posting
from liangcheng.common import clock
from liangcheng.common.exceptions import DomainError, NotVisible
from members import letters, performance, reporting
from members.choices import AccessKind, Delivery, RegistrationKind
from members.confirmation import confirm_member
from members.employers import Employer, find_employer, year_rows
from members.models import AccessLog, Letter, LetterLine, PartyMember, Registration
from tests import factories
from tests.common.together import together
from tests.factories import Tree
from tests.members.reporting import NAME, PHONE, code_of, confirmed, handed_in, link
from tests.people import People

THIS_YEAR = clock.now().year


@pytest.fixture
def registered(people: People, tree: Tree) -> list[Registration]:
    """Two members of 某设计院 at 文苑一微1 and 微2, and one of another employer."""
    at = [link(people.liaison, grid) for grid in (tree.micro, tree.micro2)]
    return [
        confirmed(people.liaison, at[0]),
        confirmed(people.liaison, at[1], name="赵丽华", phone="13900000002"),
        confirmed(people.liaison, at[0], name="孙国庆", phone="13900000003", unit_name="=某中学"),
    ]


@pytest.fixture
def served(monkeypatch):
    """Whom the sources report: member id → services; two sources with one label in common."""
    done: dict[int, list[performance.Service]] = {}
    monkeypatch.setattr(performance, "_sources", [])
    performance.register_source(lambda ids, year: {pk: done.get(pk, []) for pk in ids} if year == THIS_YEAR else {})
    performance.register_source(lambda ids, year: {pk: [("环境整治", 1, 2)] for pk in ids if pk in done})
    return done


def issue(actor, *rows: Registration) -> Letter:
    return letters.issue_result(actor=actor, registration_ids=[row.pk for row in rows])


class TestResult:
    def test_by_employer_until_delivered(self, people: People, tree: Tree, registered):
        assert [(each.employer.name, len(each.registrations)) for each in letters.unreported(people.liaison)] == [
            ("某设计院", 2),
            ("=某中学", 1),
        ]
        letter = issue(people.liaison, *registered[:2])
        assert (letter.grid, letter.serial, letter.number) == (tree.wenyuan1, 1, f"凉城双报〔{THIS_YEAR}〕1号")
        # Issued is not told yet.
        assert len(letters.unreported(people.liaison)) == 2
        today = letter.issued_on
        deliver = {"actor": people.liaison, "letter_id": letter.pk, "how": Delivery.HAND, "note": "人事科"}
        assert code_of(lambda: letters.deliver(**deliver, on=today - timedelta(days=1))) == "bad_day"
        assert code_of(lambda: letters.deliver(**deliver, on=today + timedelta(days=1))) == "bad_day"
        assert code_of(lambda: letters.deliver(**deliver | {"how": "X"}, on=today)) == "unknown_delivery"
        done = letters.deliver(**deliver, on=today)
        assert (done.delivered_on, done.delivered_by, done.delivery) == (today, people.liaison, "HAND")
        assert [each.employer.name for each in letters.unreported(people.liaison)] == ["=某中学"]
        assert code_of(lambda: letters.deliver(**deliver, on=today)) == "already_delivered"
        assert code_of(lambda: letters.void(actor=people.liaison, letter_id=letter.pk)) == "already_delivered"

    def test_what_one_letter_cannot_say(self, people: People, tree: Tree, registered):
        waiting = handed_in(link(people.liaison, tree.micro), phone="13900000009")
        for rows, code in (
            ((), "nothing_chosen"),
            ((waiting,), "not_confirmed"),
            (registered[1:], "several_employers"),
        ):
            assert code_of(lambda rows=rows: issue(people.liaison, *rows)) == code
        issue(people.liaison, registered[0])
        assert code_of(lambda: issue(people.liaison, *registered[:2])) == "already_reported"
        assert Letter.objects.count() == 1

    def test_a_desk_speaks_for_its_own_grid(self, people: People, tree: Tree, registered):
        two = factories.posted("two", tree.micro, Role.LIAISON)
        factories.posting(two, tree.micro2, Role.LIAISON)
        two = factories.fresh(two)
        assert code_of(lambda: issue(two, *registered[:2])) == "several_grids"
        assert issue(two, registered[0]).grid == tree.micro
        for who in ("stranger", "far_stranger", "officer", "viewer"):
            with pytest.raises(NotVisible):
                issue(getattr(people, who), registered[1])
        Posting.objects.filter(user=people.officer2).update(party_access=PartyAccess.ALLOWED)
        assert code_of(lambda: issue(factories.fresh(people.officer2), registered[1])) == "not_permitted"

    def test_void_makes_it_reportable_again(self, people: People, registered):
        letter = issue(people.liaison, *registered[:2])
        letters.void(actor=people.liaison, letter_id=letter.pk)
        assert code_of(lambda: letters.printed(people.liaison, letter.pk)) == "letter_void"
        assert issue(people.head, *registered[:2]).serial == 2

    def test_pages_from_the_list_to_the_delivery(self, client, people: People, registered):
        client.force_login(people.liaison)
        page = client.get(reverse("members:unreported"))
        assert page.context["total"] == 3
        chosen = {"registration": [row.pk for row in registered[:2]]}
        made = client.post(reverse("members:unreported"), chosen)
        letter = Letter.objects.get()
        assert made["Location"] == reverse("members:letter_detail", args=[letter.pk])
        masked = client.get(made["Location"]).content.decode()
        assert NAME not in masked
        assert not AccessLog.objects.exists()
        paper = client.get(reverse("members:letter_print", args=[letter.pk])).content.decode()
        for word in (NAME, "赵丽华", letter.number, "某设计院党组织：", "（盖章）", "文苑一", registered[0].number):
            assert word in paper
        assert PHONE not in paper
        log = AccessLog.objects.get()
        assert (log.kind, log.register, log.object_id, log.user) == (
            AccessKind.PRINTED, "letter", letter.pk, people.liaison,
        )  # fmt: skip
        wrong = client.post(made["Location"], {"how": "HAND", "on": "2020-01-01"})
        assert "送达日期应在" in wrong.content.decode()
        client.post(made["Location"], {"how": "HAND", "on": str(letter.issued_on)})
        letter.refresh_from_db()
        assert letter.delivered_on == letter.issued_on
        detail = client.get(reverse("members:registration_detail", args=[registered[0].pk])).content.decode()
        assert "已反馈（当面送交）" in detail

    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "officer", "viewer", "staff"])
    def test_a_stranger_and_a_reader_without_the_right_find_none(self, client, people: People, registered, who: str):
        letter = issue(people.liaison, registered[0])
        client.force_login(getattr(people, who))
        for name in ("letter_detail", "letter_print"):
            assert client.get(reverse(f"members:{name}", args=[letter.pk])).status_code == 404
        assert client.post(reverse("members:letter_void", args=[letter.pk])).status_code == 404
        assert client.get(reverse("members:letter_list")).context["page"].paginator.count == 0
        assert client.get(reverse("members:unreported")).context["total"] == 0
        for name in ("yearly", "yearly_sheet"):
            assert client.get(reverse(f"members:{name}"), {"name": "某设计院"}).status_code == 404
        assert not AccessLog.objects.exists()

    def test_a_reader_with_the_right_reads_masked_only(self, client, people: People, registered):
        letter = issue(people.liaison, registered[0])
        Posting.objects.filter(user=people.viewer).update(party_access=PartyAccess.ALLOWED)
        client.force_login(people.viewer)
        assert NAME not in client.get(reverse("members:letter_detail", args=[letter.pk])).content.decode()
        assert client.get(reverse("members:letter_print", args=[letter.pk])).status_code == 403
        assert client.get(reverse("members:yearly"), {"name": "某设计院"}).status_code == 200
        assert client.get(reverse("members:yearly_sheet"), {"name": "某设计院"}).status_code == 403
        assert client.post(reverse("members:yearly") + "?name=某设计院").status_code == 403


class TestYear:
    def test_every_member_also_without_service(self, people: People, tree: Tree, registered, served):
        unit = factories.unit(tree.micro, "U1", "某设计院", kind="INSTITUTION")
        Registration.objects.filter(unit_name="某设计院").update(unit=unit)
        listed = factories.member(tree.micro, registered[0].organization, "周在册", kind="IN_SERVICE", unit=unit)
        served[registered[0].member_id] = [("环境整治", 2, Decimal("3.5")), ("调解", 1, Decimal(1))]
        reporting.withdraw(actor=people.liaison, registration_id=registered[1].pk, reason="调离")
        employer = Employer(unit.name, unit.pk, unit.code)
        rows = {row.member.pk: row for row in year_rows(people.liaison, employer, THIS_YEAR)}
        first, left, other = (rows[pk] for pk in (registered[0].member_id, registered[1].member_id, listed.pk))
        assert (first.times, first.hours, first.detail) == (4, Decimal("6.5"), "环境整治 3 次、调解 1 次")
        assert (first.places, first.remark) == ("文苑一微1", "")
        assert (left.times, left.remark.startswith("本年度没有服务记录；")) == (0, True)
        assert "撤回报到" in left.remark
        assert (other.places, other.remark) == ("文苑一微1", "本年度没有服务记录")
        # Nobody had registered then.
        Registration.objects.update(confirmed_at=clock.now())
        assert [row.member for row in year_rows(people.liaison, employer, THIS_YEAR - 1)] == [listed]

    def test_the_letter_keeps_what_it_said(self, client, people: People, tree: Tree, registered, served):
        served[registered[0].member_id] = [("环境整治", 2, Decimal(4))]
        client.force_login(people.liaison)
        address = f"{reverse('members:yearly')}?name=某设计院&year={THIS_YEAR}"
        assert NAME not in client.get(address).content.decode()
        made = client.post(address, {"comment": "表现突出。"})
        letter = Letter.objects.get()
        served.clear()
        assert list(letter.lines.values_list("times", "hours").order_by("-times")) == [(3, Decimal(6)), (0, Decimal(0))]
        assert (letter.kind, letter.year, letter.grid) == ("YEARLY", THIS_YEAR, tree.wenyuan1)
        paper = client.get(f"{made['Location']}print/").content.decode()
        for word in (NAME, "表现突出。", "本年度没有服务记录", "环境整治 3 次"):
            assert word in paper
        # Not a second time; what was typed stays. Once it is delivered, another one is a correction.
        again = client.post(address, {"comment": "又一份。"}).content.decode()
        assert f"已经出过（{letter.number}）" in again
        assert "又一份。" in again
        assert Letter.objects.get() == letter
        # About one member only.
        client.post(f"{address}&member={registered[1].member_id}")
        one = Letter.objects.order_by("-pk").first()
        assert [line.member_id for line in one.lines.all()] == [registered[1].member_id]
        assert one.grid == tree.micro2
        assert LetterLine.objects.count() == 3
        letters.deliver(actor=people.liaison, letter_id=letter.pk, how="MAIL", on=letter.issued_on)
        letters.void(actor=people.liaison, letter_id=one.pk)
        for more in ("", f"&member={registered[1].member_id}"):
            assert client.post(address + more).status_code == 302

    def test_what_cannot_be_asked(self, client, people: People, registered):
        client.force_login(people.liaison)
        for params, status in (
            ({"name": "某设计院", "year": "2019"}, 400),
            ({"name": "某设计院", "year": str(THIS_YEAR + 1)}, 400),
            ({"name": "没有的单位"}, 404),
            ({"unit": "NOSUCH"}, 404),
            ({}, 404),
        ):
            assert client.get(reverse("members:yearly"), params).status_code == status, params
        nobody = client.post(reverse("members:yearly") + "?name=某设计院&member=999999")
        assert "没有已报到的党员" in nobody.content.decode()
        long = client.post(reverse("members:yearly") + "?name=某设计院", {"comment": "长" * 501})
        assert "长" * 501 in long.content.decode()
        assert not Letter.objects.exists()

    def test_sheet_is_text_and_logged(self, client, people: People, registered, served):
        PartyMember.objects.filter(pk=registered[2].member_id).update(name="=1+1")
        served[registered[2].member_id] = [("@调解", 1, Decimal("1.5"))]
        client.force_login(people.liaison)
        answer = client.get(reverse("members:yearly_sheet"), {"name": "=某中学", "year": THIS_YEAR})
        sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[0][:3] == ("序号", "姓名", "报到网格")
        assert rows[1][:5] == (1, "'=1+1", "文苑一微1", 2, 3.5)
        assert rows[1][5] == "'@调解 1 次、环境整治 1 次"
        assert [cell.data_type for cell in sheet[2]][:6] == ["n", "s", "s", "n", "n", "s"]
        log = AccessLog.objects.get()
        assert (log.kind, log.number_of_rows) == (AccessKind.EXPORTED, 1)

    def test_sheet_is_whole_for_the_desk_of_the_rows_only(self, client, people: People, tree: Tree, registered, served):
        """Who runs a desk elsewhere and only reads here, takes no whole name along."""
        elsewhere = factories.posted("elsewhere", tree.xiuyuan, Role.LIAISON)
        Posting.objects.create(
            user=elsewhere,
            grid=tree.wenyuan1,
            role=Role.VIEWER,
            party_access=PartyAccess.ALLOWED,
            valid_from=date(2020, 1, 1),
        )
        names = []
        for user in (elsewhere, people.liaison):
            client.force_login(factories.fresh(user))
            answer = client.get(reverse("members:yearly_sheet"), {"name": "某设计院", "year": THIS_YEAR})
            sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
            names.append({row[1] for row in sheet.iter_rows(min_row=2, values_only=True)})
        assert names == [{"欧***", "赵**"}, {NAME, "赵丽华"}]


def test_a_unit_is_told_of_its_own_registration(client, people: People, tree: Tree):
    from members.confirmation import confirm_unit

    factories.unit(tree.micro, "U1", "某公司", kind="INSTITUTION")
    row = handed_in(link(people.liaison, tree.wenyuan1, RegistrationKind.UNIT), unit_name="某公司")
    confirm_unit(actor=people.liaison, registration_id=row.pk, unit_code="U1")
    letter = issue(people.liaison, row)
    client.force_login(people.liaison)
    paper = client.get(reverse("members:letter_print", args=[letter.pk])).content.decode()
    assert "单位党组织报到回执" in paper
    assert "某设计院党支部已于" in paper


@pytest.mark.parametrize("size", [5, 60])
def test_pages_cost_the_same_at_every_size(client, people: People, tree: Tree, registered, statements, size: int):
    path = {"grid_id": tree.micro.pk, **registered[0].path_ids()}
    organization = registered[0].organization
    PartyMember.objects.bulk_create(
        PartyMember(name=f"党员{n}", kind="IN_SERVICE", organization=organization, **path) for n in range(size)
    )
    made = PartyMember.objects.filter(name__startswith="党员")
    common = {"kind": "MEMBER", "state": "CONFIRMED", "unit_name": "某设计院", "name": "测试", **path}
    Registration.objects.bulk_create(
        Registration(number=f"X{n}", member=member, consent_at=clock.now(), confirmed_at=clock.now(), **common)
        for n, member in enumerate(made)
    )
    client.force_login(people.liaison)
    employer = find_employer(people.liaison, name="某设计院")
    letter = letters.issue_yearly(actor=people.liaison, employer=employer, year=THIS_YEAR)
    assert letter.lines.count() == size + 2
    for name, args, query, most in (
        ("unreported", [], "", 7),
        ("letter_list", [], "", 7),
        ("letter_detail", [letter.pk], "", 7),
        ("letter_print", [letter.pk], "", 8),
        ("yearly", [], "?name=某设计院", 9),
        ("yearly_sheet", [], "?name=某设计院", 9),
    ):
        with statements(most):
            answer = client.get(reverse(f"members:{name}", args=args) + query)
        assert answer.status_code == 200, name


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_letters_at_once_have_numbers_of_their_own_and_one_registration_one_letter():
    tree = Tree()
    liaison = factories.posted("liaison", tree.wenyuan1, Role.LIAISON)
    branch = factories.organization(tree.wenyuan1)
    at = link(liaison, tree.micro)
    rows = [handed_in(at, phone=f"1390000000{n}", name=f"测试{'甲乙丙'[n]}") for n in range(3)]
    for row in rows:
        confirm_member(actor=liaison, registration_id=row.pk, organization_id=branch.pk)
    waiting = [row.pk for row in rows for _ in range(2)]
    refused: list[str] = []

    def work() -> None:
        try:
            letters.issue_result(actor=factories.fresh(liaison), registration_ids=[waiting.pop()])
        except DomainError as error:
            refused.append(error.code)

    together(work, times=6)
    assert refused == ["already_reported"] * 3
    assert sorted(Letter.objects.values_list("serial", flat=True)) == [1, 2, 3]
    assert len({row.letter_id for row in Registration.objects.all()}) == 3
    assert date.today().year == Letter.objects.first().number_year
