"""Cases as the API shows them: rows from plain values, details and receipts from an object in hand."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from cases.api.parts import parts_of
from cases.api.serializers import CaseDetail
from cases.choices import Act, Status
from cases.lights import contact_light, light_of, light_text_of
from cases.models import Case
from cases.workflow import available_actions, contacts
from liangcheng.common.api import local_times, row_of
from liangcheng.common.clock import now
from liangcheng.common.text import mask_name, mask_phone

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_LABELS = dict(Status.choices)
# What CaseDetail reads through: one statement instead of one per relation.
DETAIL_RELATIONS = (
    "category",
    "community",
    "grid",
    "handling_grid",
    "second_grid",
    "unit",
    "building",
    "assignee",
    "assigned_department",
    "discovered_by",
    "resolved_by",
    "merged_into",
)


def case_url(number: str) -> str:
    return f"{reverse('api:case-list')}{number}/"


def case_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of CaseRow with what is computed."""
    moment, prefix = now(), reverse("api:case-list")
    return [_complete(row, moment, prefix) for row in rows]


def _complete(row: dict[str, Any], moment: Any, prefix: str) -> dict[str, Any]:
    light = light_of(
        status=row["status"],
        urgency=row["urgency"],
        due_at=row["due_at"],
        warn_at=row["warn_at"],
        on_time=row["on_time"],
        now=moment,
    )
    return local_times(row) | {
        "status_label": _LABELS[row["status"]],
        "light": light.value,
        "light_text": light_text_of(light, row["due_at"], moment),
        "url": f"{prefix}{row['number']}/",
    }


def case_detail(case: Case, user: "User") -> dict[str, Any]:
    """CaseDetail of a case read with DETAIL_RELATIONS; its parts: see parts_of. The reporter is masked."""
    [row] = case_rows([row_of(case, CaseDetail)])
    row["reporter_name"] = mask_name(case.reporter_name)
    row["reporter_phone"] = mask_phone(case.reporter_phone)
    row["contact_light"] = contact_light(case).value
    if case.merged_into_id and not Case.objects.visible_to(user).filter(pk=case.merged_into_id).exists():
        row["merged_into_number"] = None
    row |= parts_of(case, user)
    row["co_handlers"] = [helper["name"] for helper in row["co_handling"]]
    row["actions"] = [act.value for act in available_actions(case, user)]
    return row


def receipt(case: Case) -> dict[str, Any]:
    """CaseReceipt from the object that the workflow gave back: no statement."""
    return local_times(
        {
            "number": case.number,
            "version": case.version,
            "status": case.status,
            "status_label": _LABELS[case.status],
            "grid_code": case.grid.code,
            "handling_level": case.handling_level,
            "external_system": case.external_system,
            "external_id": case.external_id,
            "reported_at": case.reported_at,
            "first_contact_due_at": case.first_contact_due_at,
            "due_at": case.due_at,
            "url": case_url(case.number),
        }
    )


def act_receipt(case: Case, act: Act, user: "User") -> dict[str, Any]:
    """ActReceipt; after `reveal` with the contact that was asked for, which is on record by then."""
    answer = receipt(case) | {"actions": [action.value for action in available_actions(case, user)]}
    if act is Act.REVEAL:
        answer["reporter"] = {"name": case.reporter_name, "phone": case.reporter_phone}
        answer["reporters"] = [asdict(contact) for contact in contacts(case)]
    return answer


def attachment_rows(rows: list[dict[str, Any]], number: str) -> list[dict[str, Any]]:
    prefix = f"{case_url(number)}attachments/"
    return [local_times(row) | {"url": f"{prefix}{row['id']}/"} for row in rows]
