"""The registers in the admin."""

from members.admin import access, contacts, deeds, party, places, reporting, teams, units

__all__ = ["access", "contacts", "deeds", "party", "places", "reporting", "teams", "units"]
