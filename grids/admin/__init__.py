"""The tree, who serves where, and the accounts of people and systems, in the admin."""

from grids.admin import grids, people, postings, services, standins
from grids.authority import office_streets
from liangcheng.common.admin_base import set_office_rule

# The floors below ask "who runs a street's office?"; postings know.
set_office_rule(office_streets)

__all__ = ["grids", "people", "postings", "services", "standins"]
