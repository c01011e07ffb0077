"""The registers in the admin."""

from members.admin import contacts, party, places, teams, units

__all__ = ["contacts", "party", "places", "teams", "units"]
