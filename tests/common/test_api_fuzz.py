"""Schemathesis asks the API by its own schema: whatever it makes up, every answer is documented and none a 500."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from knox.models import AuthToken
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from grids.choices import Role
from liangcheng.common.api_docs import api_schema
from liangcheng.wsgi import application
from tests import factories
from tests.factories import Tree
from tests.people import People

SCHEMA = from_dict(api_schema())
SCHEMA.app = application
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _connection_stays_open():
    """Django closes connections between requests; its own test client prevents that in the same way."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def headers(tree: Tree, people: People) -> dict[str, str]:
    account = factories.service("hotline12345", tree.street, may_act=True)
    factories.posting(account, tree.street, Role.HEAD)
    _, token = AuthToken.objects.create(user=account)
    return {"Authorization": f"Token {token}", "Host": "testserver"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_whatever_is_asked_is_answered_as_documented(tree: Tree, headers: dict[str, str], operation, mode: str):
    factories.category("0201")
    number = factories.case(factories.posted("finder", tree.micro), tree.micro).number

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def ask(case: schemathesis.Case) -> None:
        if "number" in case.path_parameters:
            case.path_parameters["number"] = number
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()
