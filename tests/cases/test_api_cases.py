"""The case endpoints: list, filing, detail, history; what each shows, costs and refuses."""

from datetime import datetime, timedelta

import pytest

from cases.choices import Act
from cases.models import Case, CaseEvent
from cases.workflow import ACTS
from liangcheng.accounts.models import User
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from tests import factories
from tests.api import client_of, get, is_problem, picture, post, token_client
from tests.factories import Tree
from tests.people import People

WEDNESDAY = datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture
def category(tree: Tree):
    return factories.category("0201")


@pytest.fixture
def hotline(tree: Tree) -> User:
    return factories.service("hotline12345", tree.street, may_act=True)


@pytest.fixture
def case(tree: Tree, people: People, category) -> Case:
    return factories.case(people.officer, tree.micro, reporter_name="钱测试", reporter_phone="13000000001")


def filing(tree: Tree, **fields: object) -> dict[str, object]:
    return {"category_code": "0201", "description": "墙面渗水。", "grid_code": tree.micro.code, **fields}


class TestList:
    def test_row_is_flat_and_says_what_it_is(self, tree: Tree, people: People, case: Case):
        [row] = get(people.liaison, "cases/").json()["results"]
        assert row["number"] == case.number
        assert (row["status"], row["status_label"]) == ("PENDING", "待派遣")
        assert (row["grid_code"], row["handling_grid_code"]) == (tree.micro.code, tree.wenyuan1.code)
        assert row["light_text"].startswith("还剩")
        assert row["due_at"].endswith("+08:00")
        assert row["url"] == f"/api/v1/cases/{case.number}/"
        assert not {name for name in row if name.startswith("reporter")}

    def test_row_has_the_fields_of_its_declaration(self, people: People, case: Case):
        from cases.api.serializers import CaseDetail, CaseRow

        [row] = get(people.liaison, "cases/").json()["results"]
        assert set(row) == set(CaseRow().fields)
        assert set(get(people.liaison, f"cases/{case.number}/").json()) == set(CaseDetail().fields)

    @pytest.mark.parametrize("size", [20, 200])
    def test_statements_do_not_grow(self, tree: Tree, people: People, category, hotline: User, statements, size: int):
        for _ in range(size):
            factories.case(people.officer, tree.micro)
        client = token_client(hotline)
        with statements(8) as seen:
            answer = client.get(f"/api/v1/cases/?page_size=200&grid={tree.wenyuan1.code}&category=0201&open=true")
        assert len(answer.json()["results"]) == size
        assert len(seen) == 6

    def test_pages_neither_repeat_nor_lose_a_case(self, tree: Tree, people: People, category):
        cases = [factories.case(people.officer, tree.micro).number for _ in range(7)]
        client, seen, url = client_of(people.liaison), [], "/api/v1/cases/?page_size=3&open=true"
        while url:
            page = client.get(url).json()
            seen += [row["number"] for row in page["results"]]
            assert page["total_capped"] is False
            url = page["next"]
            if url:
                # New cases arrive while a partner reads on; they belong to an earlier page.
                factories.case(people.officer, tree.micro)
        assert seen == cases[::-1]

    def test_updated_since_reads_oldest_change_first_and_misses_none(self, tree: Tree, people: People, category):
        numbers = []
        for minute in range(5):
            with clock.at(WEDNESDAY + timedelta(minutes=minute // 2)):
                numbers.append(factories.case(people.officer, tree.micro).number)
        client = client_of(people.liaison)
        url = "/api/v1/cases/?updated_since=2026-11-18T10:01:00%2B08:00&page_size=1"
        seen = []
        while url:
            page = client.get(url).json()
            seen += [row["number"] for row in page["results"]]
            url = page["next"]
        assert seen == numbers[2:]
        with clock.at(WEDNESDAY + timedelta(hours=1)):
            ACTS[Act.NOTE](
                case_id=Case.objects.get(number=numbers[0]).pk, actor=factories.fresh(people.liaison), text="已联系。"
            )
        changed = client.get("/api/v1/cases/?updated_since=2026-11-18T10:30:00%2B08:00").json()
        assert [row["number"] for row in changed["results"]] == [numbers[0]]

    def test_total_is_capped(self, tree: Tree, people: People, case: Case, monkeypatch):
        factories.case(people.officer, tree.micro)
        monkeypatch.setattr("liangcheng.common.api_paging.TOTAL_CAP", 1)
        page = get(people.liaison, "cases/").json()
        assert (page["total"], page["total_capped"]) == (1, True)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("page_size=0", "page_size"),
            ("page_size=201", "page_size"),
            ("page_size=9" + "9" * 30, "page_size"),
            ("cursor=xyz", "cursor"),
            ("cursor=WyJhYmMiXQ", "cursor"),  # ["abc"], which no id is
            ("cursor=W3sidCI6IjAwMDEtMDEtMDFUMDA6MDA6MDArMDg6MDAifV0", "cursor"),  # the year 1
            ("cursor=W1tbW1tbW1tb", "cursor"),
            ("statuss=PENDING", "statuss"),
            ("status=OPEN", "status"),
            ("updated_since=0297-01-01T00:00:00Z", "updated_since"),
            ("updated_since=2101-01-01T00:00:00Z", "updated_since"),
            ("updated_since=yesterday", "updated_since"),
            ("grid=310109099999", "grid"),
            ("q=%00", "q"),
        ],
    )
    def test_wrong_parameter_is_refused_by_name(self, people: People, case: Case, query: str, field: str):
        answer = get(people.liaison, f"cases/?{query}")
        assert is_problem(answer, 400, answer.json()["code"])
        assert list(answer.json()["errors"]) == [field]


class TestFiling:
    def test_case_is_there_with_what_was_sent(self, tree: Tree, people: People, category):
        answer = post(
            people.officer, "cases/", filing(tree, description="3号楼渗水😀", lng="121.472000", lat="31.290000")
        )
        assert answer.status_code == 201
        body = answer.json()
        case = Case.objects.get(number=body["number"])
        assert case.description == "3号楼渗水😀"
        assert (str(case.lng), str(case.lat)) == ("121.472000", "31.290000")
        assert (answer["Location"], answer["ETag"]) == (f"/api/v1/cases/{case.number}/", 'W/"1"')
        assert body["due_at"].endswith("+08:00")
        assert "Idempotency-Replayed" not in answer

    @pytest.mark.parametrize("size", [20, 200])
    def test_statements_do_not_grow(self, tree: Tree, people: People, category, hotline: User, statements, size: int):
        for _ in range(size):
            factories.case(people.officer, tree.micro)
        client = token_client(hotline)
        with statements(12) as seen:
            answer = client.post(
                "/api/v1/cases/", filing(tree, external_id="H1"), format="json", HTTP_IDEMPOTENCY_KEY="key-0001"
            )
        assert answer.status_code == 201, answer.json()
        assert len(seen) == 12

    @pytest.mark.parametrize(
        ("fields", "field", "code"),
        [
            ({"description": None}, "description", "missing_description"),
            ({"description": " "}, "description", "missing_description"),
            ({"description": "字" * 10_000}, "description", "too_long"),
            ({"description": "墙面\x00渗水"}, "description", "bad_characters"),
            ({"description": "墙面\ud800渗水"}, "description", "bad_characters"),
            ({"description": ["墙"]}, "description", "invalid"),
            ({"category_code": "9999"}, "category_code", "unknown_category"),
            ({"grid_code": "310109099999"}, "grid_code", "unknown_grid"),
            ({"grid_code": ""}, "grid_code", "missing_grid"),
            ({"unit_id": 2**63}, "unit_id", "max_value"),
            ({"unit_id": -1}, "unit_id", "min_value"),
            ({"unit_id": 4_000_000}, "unit_id", "unknown_unit"),
            ({"building_id": 4_000_000}, "building_id", "unknown_building"),
            ({"nature": "FUN"}, "nature", "unknown_nature"),
            ({"nature": "\ud800"}, "nature", "unknown_nature"),
            ({"\ud800": "x"}, "?", "unknown_field"),
            ({"reporter_phone": "12"}, "reporter_phone", "bad_phone"),
            ({"lng": "121.5"}, "lng", "missing_lat"),
            ({"lng": "NaN", "lat": "31"}, "lng", "invalid"),
            ({"lng": "200", "lat": "31"}, "lng", "max_value"),
            ({"categry": "0201"}, "categry", "unknown_field"),
            ({"resolved_on_spot": True}, "result", "missing_result"),
        ],
    )
    def test_wrong_input_is_refused_by_field(self, tree: Tree, people: People, category, fields, field: str, code: str):
        import json

        answer = client_of(people.officer).post(
            "/api/v1/cases/", json.dumps(filing(tree, **fields)), content_type="application/json"
        )
        assert is_problem(answer, 400, code)
        assert list(answer.json()["errors"]) == [field]
        assert Case.objects.count() == 0

    def test_several_faults_are_told_at_once(self, people: People, category):
        answer = post(people.officer, "cases/", {"nature": "FUN"})
        assert is_problem(answer, 400, "invalid")
        assert set(answer.json()["errors"]) == {"category_code", "description", "nature"}

    def test_reader_may_not_file(self, tree: Tree, people: People, category):
        assert is_problem(post(people.viewer, "cases/", filing(tree)), 403, "not_permitted")

    def test_grid_of_another_neighbourhood_is_unknown(self, tree: Tree, people: People, category):
        answer = post(people.officer, "cases/", filing(tree, grid_code=tree.liangsan.code))
        assert is_problem(answer, 400, "unknown_grid")


class TestOnce:
    def test_same_key_gives_the_same_case(self, tree: Tree, hotline: User, category):
        first = post(hotline, "cases/", filing(tree), HTTP_IDEMPOTENCY_KEY="k1")
        again = post(hotline, "cases/", filing(tree), HTTP_IDEMPOTENCY_KEY="k1")
        assert (first.status_code, again.status_code) == (201, 200)
        assert again["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()
        assert CaseEvent.objects.count() == 1

    def test_same_key_for_something_else_is_refused(self, tree: Tree, hotline: User, category):
        post(hotline, "cases/", filing(tree), HTTP_IDEMPOTENCY_KEY="k1")
        other = post(hotline, "cases/", filing(tree, title="另一件"), HTTP_IDEMPOTENCY_KEY="k1")
        assert is_problem(other, 422, "idempotency_key_reused")
        assert Case.objects.count() == 1

    def test_key_belongs_to_its_account(self, tree: Tree, hotline: User, category):
        other = factories.service("platform", tree.street)
        numbers = {
            post(who, "cases/", filing(tree), HTTP_IDEMPOTENCY_KEY="k1").json()["number"] for who in (hotline, other)
        }
        assert len(numbers) == 2

    @pytest.mark.parametrize("key", ["x" * 101, "键", "a b"])
    def test_key_that_cannot_be_kept_is_refused(self, tree: Tree, hotline: User, category, key: str):
        answer = post(hotline, "cases/", filing(tree), HTTP_IDEMPOTENCY_KEY=key)
        assert is_problem(answer, 400, "bad_idempotency_key")

    def test_external_number_is_the_accounts_own_and_unique(self, tree: Tree, hotline: User, category):
        first = post(hotline, "cases/", filing(tree, external_system="fake", external_id="H1", source="HOTLINE"))
        again = post(hotline, "cases/", filing(tree, external_id="H1", description="换了说法"))
        assert first.json()["external_system"] == "hotline12345"
        assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
        assert again.json()["number"] == first.json()["number"]
        other = factories.service("platform", tree.street)
        assert post(other, "cases/", filing(tree, external_id="H1")).status_code == 201

    def test_source_of_a_system_is_not_patrol(self, tree: Tree, hotline: User, people: People, category):
        numbers = [post(who, "cases/", filing(tree)).json()["number"] for who in (hotline, people.officer)]
        assert [Case.objects.get(number=number).source for number in numbers] == ["OTHER", "PATROL"]


class TestDetail:
    def test_reporter_is_masked_and_actions_agree_with_the_workflow(self, people: People, case: Case):
        from cases.workflow import available_actions

        answer = get(people.liaison, f"cases/{case.number}/")
        body = answer.json()
        assert (body["reporter_name"], body["reporter_phone"]) == ("钱**", "130****0001")
        assert body["actions"] == [act.value for act in available_actions(case, factories.fresh(people.liaison))]
        assert answer["ETag"] == 'W/"1"'
        assert get(people.viewer, f"cases/{case.number}/").json()["actions"] == []

    def test_statements(self, tree: Tree, case: Case, hotline: User, statements):
        client = token_client(hotline)
        with statements(12) as seen:
            assert client.get(f"/api/v1/cases/{case.number}/").status_code == 200
        assert len(seen) == 7

    def test_same_number_in_two_streets_needs_the_street(self, tree: Tree, people: People, case: Case):
        other = Tree("310109017")
        with clock.at(case.reported_at):
            twin = factories.case(factories.posted("elsewhere", other.micro), other.micro)
        assert twin.number == case.number
        everybody = factories.user("root", is_superuser=True)
        assert is_problem(get(everybody, f"cases/{case.number}/"), 409, "ambiguous_number")
        found = get(everybody, f"cases/{case.number}/?community={other.street.code}").json()
        assert found["grid_code"] == other.micro.code
        assert get(people.liaison, f"cases/{case.number}/").json()["grid_code"] == tree.micro.code


class TestEvents:
    def test_history_is_told_in_order(self, people: People, case: Case):
        ACTS[Act.NOTE](case_id=case.pk, actor=people.liaison, text="已电话联系。")
        page = get(people.liaison, f"cases/{case.number}/events/").json()
        assert [row["act"] for row in page["results"]] == ["discover", "note"]
        assert page["results"][1]["actor_name"] == people.liaison.full_name
        assert page["results"][1]["act_label"] == "补充说明"
        assert page["total"] == 2

    def test_statements(self, people: People, case: Case, hotline: User, statements):
        for number in range(20):
            ACTS[Act.NOTE](case_id=case.pk, actor=people.liaison, text=f"第{number}次。")
        client = token_client(hotline)
        with statements(8) as seen:
            client.get(f"/api/v1/cases/{case.number}/events/")
        assert len(seen) == 5


class TestCategories:
    @pytest.mark.parametrize("size", [3, 30])
    def test_limits_come_along_in_one_statement(self, people: People, category, statements, size: int):
        for number in range(size):
            factories.category(f"03{number:02d}")
        client = client_of(people.viewer)
        with statements(8) as seen:
            page = client.get("/api/v1/categories/").json()
        assert len(seen) == 3
        assert page["total"] == size + 1
        assert page["results"][0]["limits"][0]["resolve_value"] == 5

    def test_search(self, people: People, category):
        factories.category("0302", name="楼道堆物", synonyms="杂物|消防通道")
        for word in ("堆物", "杂物", "lddw", "0302"):
            found = get(people.viewer, f"categories/?q={word}").json()["results"]
            assert [row["code"] for row in found] == ["0302"], word


class TestScope:
    """A user of another 居民区 learns nothing of this one, not even a number."""

    @pytest.mark.parametrize("who", ["stranger", "far_stranger"])
    def test_stranger_sees_counts_and_finds_nothing(self, people: People, case: Case, who: str):
        stranger = getattr(people, who)
        upload = client_of(people.officer).post(
            f"/api/v1/cases/{case.number}/attachments/", {"file": picture()}, format="multipart"
        )
        for query in ("", f"?q={case.number}", f"?number={case.number}", "?updated_since=2020-01-01T00:00:00Z"):
            page = get(stranger, f"cases/{query}").json()
            assert (page["total"], page["results"], page["next"]) == (0, [], None)
        for path in ("", "events/", "attachments/", "assignees/", upload.json()["url"].rsplit("attachments/")[-1]):
            part = f"attachments/{path}" if path[:1].isdigit() else path
            assert is_problem(get(stranger, f"cases/{case.number}/{part}"), 404, "not_found")
        client = client_of(stranger)
        answer = client.post(f"/api/v1/cases/{case.number}/attachments/", {"file": picture()}, format="multipart")
        assert is_problem(answer, 404, "not_found")

    def test_picture_is_not_reached_through_another_case(self, tree: Tree, people: People, case: Case):
        row = (
            client_of(people.officer)
            .post(f"/api/v1/cases/{case.number}/attachments/", {"file": picture()}, format="multipart")
            .json()
        )
        own = factories.case(people.stranger, tree.liangsan)
        answer = get(people.stranger, f"cases/{own.number}/attachments/{row['id']}/")
        assert is_problem(answer, 404, "not_found")

    def test_confidential_case_is_hidden_from_below_its_handler(self, tree: Tree, people: People):
        factories.category("0401", level="AREA")
        secret = factories.case(people.officer, tree.micro, confidential=True)
        assert is_problem(get(people.liaison, f"cases/{secret.number}/"), 404, "not_found")
        assert get(people.area_liaison, f"cases/{secret.number}/").status_code == 200

    def test_assignees_only_for_who_dispatches(self, people: People, case: Case):
        page = get(people.liaison, f"cases/{case.number}/assignees/").json()
        assert {row["id"] for row in page["results"]} == {
            person.pk for person in (people.officer, people.officer2, people.liaison, people.head)
        }
        assert is_problem(get(people.viewer, f"cases/{case.number}/assignees/"), 403, "not_permitted")
