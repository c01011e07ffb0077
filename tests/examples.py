"""How many examples property tests try: all on SQLite, fewer where the same arithmetic runs a second time."""

import os

MANY = 200 if os.environ.get("TEST_RUN") == "postgres" else 2_000
