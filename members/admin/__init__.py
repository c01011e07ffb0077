"""The registers in the admin."""

from members.admin import access, party, places

__all__ = ["access", "party", "places"]
