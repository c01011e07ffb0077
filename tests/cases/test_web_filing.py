"""上报 through its page."""

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cases.choices import PhotoKind, Source, Status
from cases.models import Case, Category
from tests import factories
from tests.cases.web import browser, fake_picture, filing, picture, stray_english
from tests.factories import Tree
from tests.people import People

NEW = "/cases/new/"


@pytest.fixture
def category(people: People) -> Category:
    return factories.category("0201", name="房屋渗漏水", synonyms="漏水|渗水")


def page_of(answer) -> str:
    return html.unescape(answer.content.decode())


class TestForm:
    def test_is_chinese_and_offers_the_users_own_grid_first(self, tree: Tree, people: People, category: Category):
        page = browser(people.officer).get(NEW).content.decode()
        assert stray_english(page, "ls") == []
        assert f'<option value="{tree.micro.code}" selected>' in page

    def test_a_grid_page_may_name_the_grid_and_only_ones_own(self, tree: Tree, people: People, category: Category):
        client = browser(people.liaison)
        page = client.get(f"{NEW}?grid={tree.micro2.code}").content.decode()
        assert f'<option value="{tree.micro2.code}" selected>' in page
        page = client.get(f"{NEW}?grid={tree.liangsan.code}").content.decode()
        assert f'<option value="{tree.wenyuan1.code}" selected>' in page

    def test_at_the_street_the_address_finds_the_grid(self, tree: Tree, people: People, category: Category):
        page = browser(people.dispatcher).get(NEW).content.decode()
        assert '<option value="" selected>按地址查找</option>' in page

    def test_offers_only_grids_where_the_user_may_file(self, tree: Tree, people: People, category: Category):
        page = browser(people.liaison).get(NEW).content.decode()
        where = page[page.index('name="grid_code"') : page.index('id="id_road"')]
        for grid, offered in ((tree.micro, True), (tree.wenyuan1, True), (tree.liangsan, False), (tree.area, False)):
            assert (f'"{grid.code}"' in where) is offered, grid

    def test_categories_carry_what_the_picker_searches(self, people: People, category: Category):
        page = browser(people.officer).get(NEW).content.decode()
        assert 'data-words="房屋渗漏水|漏水|渗水"' in page
        assert "ls" in page[page.index("data-pinyin") :][:200]
        assert '<optgroup label="房屋设施与维修">' in page

    def test_retired_categories_are_not_offered(self, people: People, category: Category):
        Category.objects.update(is_active=False)
        assert "房屋渗漏水" not in browser(people.officer).get(NEW).content.decode()

    def test_whoever_has_no_posting_is_told(self, people: People, category: Category):
        answer = browser(people.viewer).get(NEW)
        assert answer.status_code == 403
        assert "没有可上报案件的岗位" in answer.content.decode()

    def test_needs_a_sign_in_and_comes_back(self, client: Client, people: People):
        assert client.get(NEW).headers["Location"] == "/accounts/login/?next=/cases/new/"


class TestFiling:
    def test_leads_to_the_case(self, tree: Tree, people: People, category: Category):
        answer = browser(people.officer).post(NEW, filing(tree, photos=[picture(), picture("b.jpg", color="blue")]))
        case = Case.objects.get()
        assert answer.headers["Location"] == f"/cases/{case.number}/?done=new"
        assert (case.discovered_by, case.grid, case.status) == (people.officer, tree.micro, Status.PENDING)
        assert case.attachments.count() == 2

    def test_address_as_lane_number_room(self, tree: Tree, people: People, category: Category):
        browser(people.officer).post(
            NEW, filing(tree, road="凉城路", lane="１２３", number="4号", room="501", place="厨房")
        )
        assert Case.objects.get().address == "凉城路123弄4号501室 厨房"

    def test_a_whole_address_may_be_pasted_into_the_road(self, tree: Tree, people: People, category: Category):
        browser(people.officer).post(NEW, filing(tree, road="凉城路123弄4号501室"))
        assert Case.objects.get().address == "凉城路123弄4号501室"

    def test_the_address_book_names_the_micro_unit(self, tree: Tree, people: People, category: Category):
        unit = factories.unit(tree.micro2)
        factories.building(tree.micro2, unit, road="凉城路", lane="123", number="4")
        browser(people.liaison).post(
            NEW, filing(tree, grid_code=tree.wenyuan1.code, road="凉城路", lane="123", number="4")
        )
        assert Case.objects.get().grid == tree.micro2

    def test_the_chosen_grid_wins_where_the_book_says_another(self, tree: Tree, people: People, category: Category):
        unit = factories.unit(tree.micro2)
        factories.building(tree.micro2, unit, road="凉城路", lane="123", number="4")
        browser(people.liaison).post(
            NEW, filing(tree, grid_code=tree.micro.code, road="凉城路", lane="123", number="4")
        )
        assert Case.objects.get().grid == tree.micro

    def test_without_a_grid_the_address_finds_it(self, tree: Tree, people: People, category: Category):
        unit = factories.unit(tree.micro2)
        factories.building(tree.micro2, unit, road="凉城路", lane="123", number="4")
        browser(people.dispatcher).post(NEW, filing(tree, grid_code="", road="凉城路", lane="123", number="4"))
        assert Case.objects.get().grid == tree.micro2

    def test_settled_on_the_spot(self, tree: Tree, people: People, category: Category):
        Category.objects.update(photo_required=True)
        client = browser(people.officer)
        page = page_of(client.post(NEW, filing(tree, resolved_on_spot="on", result="已清理")))
        assert "须附处置后照片" in page
        client.post(NEW, filing(tree, resolved_on_spot="on", result="已清理", result_photos=[picture()]))
        case = Case.objects.get()
        assert (case.status, case.result) == (Status.RESOLVED, "已清理")
        assert [photo.kind for photo in case.attachments.all()] == [PhotoKind.AFTER]

    def test_an_anonymous_reporter_leaves_no_name(self, tree: Tree, people: People, category: Category):
        browser(people.officer).post(
            NEW,
            filing(tree, reporter_name="钱测试", reporter_phone="13000000001", reporter_anonymous="on"),
        )
        case = Case.objects.get()
        assert (case.reporter_anonymous, case.reporter_name, case.reporter_phone) == (True, "", "")

    def test_the_same_tap_twice_is_one_case(self, tree: Tree, people: People, category: Category):
        client = browser(people.officer)
        first = client.post(NEW, filing(tree, key="abc"))
        assert client.post(NEW, filing(tree, key="abc")).headers["Location"] == first.headers["Location"]
        assert Case.objects.count() == 1

    def test_a_changed_form_with_the_old_key_is_told(self, tree: Tree, people: People, category: Category):
        client = browser(people.officer)
        client.post(NEW, filing(tree, key="abc"))
        answer = client.post(NEW, filing(tree, key="abc", description="另一件事"))
        assert "刚才已经提交成功" in page_of(answer)
        assert "另一件事" in page_of(answer)
        assert Case.objects.count() == 1


class TestRefusals:
    """Every error keeps what was typed."""

    TYPED = {
        "description": "七号楼水管漏水",
        "road": "凉城路",
        "lane": "123",
        "number": "4",
        "room": "501",
        "place": "厨房",
        "reporter_name": "钱测试",
        "reporter_phone": "13000000001",
        "result": "已处理",
    }

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"category_code": ""}, "请选择案件类别"),
            ({"category_code": "9999"}, "请选择一个在用的案件类别"),
            ({"category_code": "\x00"}, "不允许"),
            ({"description": " "}, "请写明情况"),
            ({"reporter_phone": "12"}, "请填 11 位手机号"),
            ({"grid_code": "310109016017"}, "请选择您负责范围内的网格"),
            ({"grid_code": "x"}, "没有这个网格"),
            ({"source": "MARS"}, "没有这个选项"),
            ({"resolved_on_spot": "on", "result": ""}, "请写明处置结果"),
            ({"second_grid_code": "310109016011001"}, "请选择另一个在用的网格"),
            ({"place": "长" * 200}, "最多 150 个字"),
            ({"description": "长" * 10_000}, "最多 2000 个字"),
            ({"reporter_name": "长" * 31}, "最多 30 个字"),
        ],
    )
    def test_in_chinese_at_the_field(self, tree: Tree, people: People, category: Category, wrong: dict, told: str):
        sent = filing(tree) | self.TYPED | wrong
        answer = browser(people.officer).post(NEW, sent)
        page = page_of(answer)
        assert answer.status_code == 200
        assert told in page
        assert stray_english(answer.content.decode(), "ls", "x") == []
        for name, value in sent.items():
            if name in self.TYPED and value:
                assert value in page, name
        assert not Case.objects.exists()

    def test_a_retired_grid(self, tree: Tree, people: People, category: Category):
        from grids.models import Grid

        Grid.objects.filter(pk=tree.micro.pk).update(is_active=False)
        answer = browser(people.liaison).post(NEW, filing(tree, description="七号楼水管漏水"))
        assert "已停用" in page_of(answer)
        assert "七号楼水管漏水" in page_of(answer)

    def test_a_pdf_named_jpg(self, tree: Tree, people: People, category: Category):
        page = page_of(browser(people.officer).post(NEW, filing(tree, photos=[picture(), fake_picture()])))
        assert "不是可用的照片" in page
        assert "2 张照片需要重新选择" in page
        assert not Case.objects.exists()

    def test_a_picture_of_144_megapixels(self, tree: Tree, people: People, category: Category):
        import io

        from PIL import Image

        out = io.BytesIO()
        Image.new("1", (12000, 12000)).save(out, "PNG")
        huge = SimpleUploadedFile("huge.png", out.getvalue(), "image/png")
        assert "尺寸过大" in page_of(browser(people.officer).post(NEW, filing(tree, photos=[huge])))
        assert not Case.objects.exists()

    def test_markup_and_emoji_stay_text(self, tree: Tree, people: People, category: Category):
        client = browser(people.officer)
        client.post(NEW, filing(tree, description="<script>alert(1)</script>😀 \x00漏水"))
        case = Case.objects.get()
        assert case.description == "<script>alert(1)</script>😀 漏水"
        assert b"<script>alert" not in client.get(reverse("cases:detail", args=[case.number])).content
        assert b"<script>alert" not in client.get("/cases/").content

    def test_an_expired_token(self, tree: Tree, people: People, category: Category):
        client = Client(enforce_csrf_checks=True)
        client.force_login(people.officer)
        answer = client.post(NEW, filing(tree))
        assert answer.status_code == 403
        assert "页面已过期" in answer.content.decode()
        assert f'href="{NEW}"' in answer.content.decode()

    def test_an_expired_session(self, tree: Tree, people: People, category: Category):
        answer = Client().post(NEW, filing(tree))
        assert answer.headers["Location"] == "/accounts/login/?next=/cases/new/"
        assert not Case.objects.exists()


class TestLocate:
    def ask(self, person, **params: str) -> str:
        return browser(person).get("/cases/new/locate/", params).content.decode()

    def test_tells_the_micro_unit(self, tree: Tree, people: People):
        factories.building(tree.micro2, factories.unit(tree.micro2), road="凉城路", lane="123", number="4")
        told = self.ask(people.liaison, road="凉城路", lane="123", number="4", grid_code=tree.wenyuan1.code)
        assert "文苑一 › 文苑一微2" in told
        assert "不同" in self.ask(people.liaison, road="凉城路123弄4号", grid_code=tree.micro.code)

    def test_tells_nothing_of_another_neighbourhood(self, tree: Tree, people: People):
        factories.building(tree.liangsan, factories.unit(tree.liangsan), road="凉城路", lane="9", number="1")
        assert "凉三" not in self.ask(people.liaison, road="凉城路", lane="9", number="1")

    @pytest.mark.parametrize("road", ["", "\x00", "<script>", "路" * 10_000, "😀"])
    def test_survives_anything(self, people: People, road: str):
        assert "<script>" not in self.ask(people.liaison, road=road, lane="1")


def test_the_form_is_few_statements(tree: Tree, people: People, category: Category, statements):
    client = browser(people.officer)
    with statements(8):
        client.get(NEW)


def test_source_is_patrol_unless_said_otherwise(tree: Tree, people: People, category: Category):
    page = browser(people.officer).get(NEW).content.decode()
    assert f'value="{Source.PATROL}" required id="id_source_0" checked' in page
