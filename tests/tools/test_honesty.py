"""A run named after a database has really used it."""

import os

import pytest
from django.db import connection

RUN = os.environ.get("TEST_RUN")


@pytest.mark.skipif(not RUN, reason="only ./run test names its runs")
def test_this_run_uses_the_database_it_is_named_after():
    assert connection.vendor == ("postgresql" if RUN == "postgres" else "sqlite")
