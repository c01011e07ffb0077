"""Photos through the API: uploaded, listed, read back, refused, and shown to nobody outside."""

import io

import pytest
from PIL import Image

from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from liangcheng.accounts.models import User
from tests import factories
from tests.api import client_of, get, is_problem, picture, post
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    return factories.case(people.officer, tree.micro)


class TestPhotos:
    def upload(self, user: User, case: Case, **fields: object):
        body = {"file": picture(), **fields}
        return client_of(user).post(f"/api/v1/cases/{case.number}/attachments/", body, format="multipart")

    def test_uploaded_listed_and_read_back(self, people: People, case: Case):
        answer = self.upload(people.officer, case, kind="AFTER")
        assert answer.status_code == 201, answer.json()
        row = answer.json()
        assert (row["kind"], row["width"], row["height"]) == ("AFTER", 40, 30)
        assert get(people.liaison, f"cases/{case.number}/attachments/").json()["results"] == [row]
        client = client_of(people.liaison)
        image = client.get(row["url"], HTTP_ACCEPT="image/*")
        assert (image.status_code, image["Content-Type"]) == (200, "image/jpeg")
        assert image["Cache-Control"].startswith("private")
        content = b"".join(image.streaming_content)
        assert Image.open(io.BytesIO(content)).size == (40, 30)

    def test_repeated_upload_is_kept_once(self, people: People, case: Case):
        rows = [self.upload(people.officer, case).json() for _ in range(2)]
        assert rows[0] == rows[1]
        assert case.attachments.count() == 1

    def test_same_key_with_another_boundary_is_done_once(self, people: People, case: Case):
        def upload(number: str):
            return client_of(people.officer).post(
                f"/api/v1/cases/{case.number}/attachments/",
                {"file": picture()},
                format="multipart",
                HTTP_IDEMPOTENCY_KEY=number,
            )

        assert [upload("k1").status_code for _ in range(2)] == [201, 201]
        assert CaseEvent.objects.filter(act=Act.ATTACH).count() == 1

    def test_what_is_no_picture_is_refused(self, people: People, case: Case):
        fake = io.BytesIO(b"%PDF-1.7 not a picture")
        fake.name = "现场.jpg"
        answer = self.upload(people.officer, case, file=fake)
        assert is_problem(answer, 400, "photo_unreadable")
        assert list(answer.json()["errors"]) == ["photos"]
        assert is_problem(self.upload(people.officer, case, kind="SIDE"), 400, "unknown_kind")

    def test_reader_may_not_upload(self, people: People, case: Case):
        assert is_problem(self.upload(people.viewer, case), 403, "not_permitted")

    def test_result_of_an_act_may_come_with_its_photos(self, tree: Tree, people: People):
        category = factories.category("0301", photo_required=True)
        case = factories.case(people.officer, tree.micro, category)
        factories.force_status(case, Status.HANDLING, assignee=people.officer)
        path = f"/api/v1/cases/{case.number}/resolve/"
        assert is_problem(
            post(people.officer, f"cases/{case.number}/resolve/", {"text": "已修。"}), 400, "missing_photo"
        )
        answer = client_of(people.officer).post(path, {"text": "已修。", "photos": [picture()]}, format="multipart")
        assert answer.status_code == 200, answer.json()
        assert case.attachments.get().kind == "AFTER"
