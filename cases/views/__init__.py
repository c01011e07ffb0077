"""The pages of cases. Thin: read the form, call the rule, show what came of it."""

from cases.views.acting import case_act
from cases.views.detail import case_detail, case_photo
from cases.views.filing import locate, new_case
from cases.views.handover import hand_over, hand_over_done
from cases.views.listing import case_list
from cases.views.notices import notices, open_notice, read_all_notices
from cases.views.returns import returns
from cases.views.similar import similar
from cases.views.volunteers import offer_case
from cases.views.workbench import workbench

__all__ = [
    "case_act",
    "case_detail",
    "case_list",
    "case_photo",
    "hand_over",
    "hand_over_done",
    "locate",
    "new_case",
    "notices",
    "offer_case",
    "open_notice",
    "read_all_notices",
    "returns",
    "similar",
    "workbench",
]
