"""The registers in the admin."""

from members.admin import access, contacts, party, places, teams, units

__all__ = ["access", "contacts", "party", "places", "teams", "units"]
