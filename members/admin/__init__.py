"""The registers in the admin."""

from members.admin import party, places, reporting

__all__ = ["party", "places", "reporting"]
