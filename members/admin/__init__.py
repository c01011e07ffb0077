"""The registers in the admin."""

from members.admin import registers

__all__ = ["registers"]
