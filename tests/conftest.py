"""Fixtures of all tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, setup_databases
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

from tests import database
from tests import people as cast
from tests.factories import Tree
from tests.people import People

_TRANSACTION = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
# How long an example takes says nothing on a machine that does something else as well.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")
_WITH_DATABASE = {"db", "transactional_db", "live_server"}


def _needs_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(names & _WITH_DATABASE)


def pytest_configure(config: pytest.Config) -> None:
    """The database is made while the workers start and run what needs none."""
    leads = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if leads and config.option.create_db and not config.option.collectonly:
        database.start_making()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs no database comes first, while the database is being made. Both databases run the whole suite."""
    items.sort(key=_needs_database)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
    django_db_createdb: bool,
) -> None:
    """A copy of the template. Without --create-db the database of the last run, with new migrations applied."""
    with django_db_blocker.unblock():
        if not database.provide(afresh=django_db_createdb):
            setup_databases(verbosity=0, interactive=False, keepdb=True)


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
