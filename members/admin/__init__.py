"""The registers in the admin."""

from members.admin import party, places

__all__ = ["party", "places"]
