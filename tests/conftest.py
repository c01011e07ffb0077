"""Fixtures of all tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import people as cast
from tests.factories import Tree
from tests.people import People

_TRANSACTION = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


@pytest.fixture
def tree(db: None) -> Tree:
    return Tree()


@pytest.fixture
def people(tree: Tree) -> People:
    return cast.settle(tree)


@pytest.fixture
def statements() -> Callable[..., "contextmanager[list[str]]"]:
    """`with statements(8) as seen:` fails when more than 8 statements run; transaction control does not count."""

    @contextmanager
    def budget(most: int) -> Iterator[list[str]]:
        seen: list[str] = []
        with CaptureQueriesContext(
            connection,
        ) as captured:
            yield seen
        seen += [q["sql"] for q in captured if not q["sql"].startswith(_TRANSACTION)]
        shown = "\n".join(f"{i + 1}. {sql[:200]}" for i, sql in enumerate(seen))
        assert len(seen) <= most, f"{len(seen)} statements, {most} allowed:\n{shown}"

    return budget
