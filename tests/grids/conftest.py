"""After every test of this folder that touched the database, the tree must be sound."""

from collections.abc import Iterator

import pytest

from grids.checks import check_tree


@pytest.fixture(autouse=True)
def sound_tree(request: pytest.FixtureRequest) -> Iterator[None]:
    """Marked `broken_tree`: the test leaves a fault on purpose."""
    database = request.node.get_closest_marker("django_db") or {"db", "tree", "people"} & set(request.fixturenames)
    if database:
        request.getfixturevalue("transactional_db" if _transactional(request) else "db")
    yield
    if database and not request.node.get_closest_marker("broken_tree"):
        assert check_tree() == []


def _transactional(request: pytest.FixtureRequest) -> bool:
    mark = request.node.get_closest_marker("django_db")
    return bool(mark and mark.kwargs.get("transaction"))
