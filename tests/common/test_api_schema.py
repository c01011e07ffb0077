"""The schema is valid and speaks Chinese; the docs page stands on its own."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.urls import get_resolver

from liangcheng.common.api_docs import api_schema
from tests import factories
from tests.api import ROOT, client_of, token_client
from tests.factories import Tree
from tests.people import People

OPERATIONS = [
    (method, path, operation)
    for path, operations in api_schema()["paths"].items()
    for method, operation in operations.items()
]


def test_schema_is_valid_without_a_warning(tmp_path: Path):
    file = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    assert yaml.safe_load(file.read_text())["openapi"].startswith("3.")


def test_every_address_is_in_the_schema():
    names = {name for name in get_resolver("liangcheng.api_urls").reverse_dict if isinstance(name, str)} - {
        "schema",
        "docs",
        "unknown",
    }
    assert len({path for _, path, _ in OPERATIONS}) == len(names)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_operation_says_in_chinese_what_it_does_and_how_it_fails(method: str, path: str, operation: dict):
    assert re.search("[\u4e00-\u9fff]", operation.get("summary", "")), (method, path)
    for parameter in operation.get("parameters", []):
        described = parameter.get("description", "") or parameter["in"] == "path"
        assert described, (method, path, parameter["name"])
    for status, response in operation["responses"].items():
        if status == "default" or int(status) >= 400:
            assert response["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    assert "401" in operation["responses"]
    assert ("404" in operation["responses"]) == ("{" in path)


def test_every_field_is_described_in_chinese():
    for name, schema in api_schema()["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            assert re.search("[\u4e00-\u9fff]", shape.get("description", "")), (name, field)


class TestDocs:
    def test_page_lists_every_operation_and_loads_nothing_from_outside(self, people: People):
        html = client_of(people.viewer).get(f"{ROOT}/docs/", HTTP_ACCEPT="text/html").content.decode()
        for _, path, operation in OPERATIONS:
            assert operation["summary"] in html
            assert path in html
        assert not re.search(r"""(src|href)=["'](https?:)?//""", html)
        assert "<script" not in html
        assert " style=" not in html

    def test_links_of_the_page_lead_somewhere(self, people: People):
        html = client_of(people.viewer).get(f"{ROOT}/docs/").content.decode()
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(re.findall(r'id="([^"]+)"', html))

    def test_token_reads_it_and_a_visitor_is_sent_to_sign_in(self, tree: Tree, client):
        account = factories.service("hotline12345", tree.street)
        assert token_client(account).get(f"{ROOT}/docs/").status_code == 200
        answer = client.get(f"{ROOT}/docs/", HTTP_ACCEPT="text/html,*/*")
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")

    def test_own_style_sheet_is_there(self):
        assert (settings.BASE_DIR / "static" / "api" / "docs.css").exists()
