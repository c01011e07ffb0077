"""Cases in the admin: everything is read here; what changes a case goes through cases/workflow/."""

from cases.admin import cases, lists, records, together

__all__ = ["cases", "lists", "records", "together"]
