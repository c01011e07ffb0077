"""The registers in the admin."""

from members.admin import deeds, party, places

__all__ = ["deeds", "party", "places"]
