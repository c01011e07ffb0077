"""派遣 several cases at once: the same act per case, each in its own transaction, refusals said row by row."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from cases import workflow
from cases.models import Case
from grids.choices import Role
from grids.models import Department, Grid, Posting
from grids.scoping import scope_of
from liangcheng.accounts.current import signed_in
from liangcheng.common.admin_pages import action_page
from liangcheng.common.exceptions import DomainError

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# One page is one decision by one person; more belongs into filters.
MOST = 50
_DISPATCHING = (Role.LIAISON, Role.HEAD, Role.DISPATCHER)
_HANDLING = (Role.OFFICER, Role.LIAISON, Role.HEAD)


def may_dispatch_any(user: "User") -> bool:
    """Whether there can be a case that the user may dispatch; the act itself decides for each."""
    return any(post.role in _DISPATCHING for post in scope_of(user).territorial)


class BulkDispatchForm(forms.Form):
    assignee = forms.ModelChoiceField(get_user_model().objects.none(), label="处置人", required=False)
    department = forms.ModelChoiceField(Department.objects.none(), label="处置部门", required=False)
    text = forms.CharField(label="派遣意见", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, user: "User", *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Grid.objects.filter(scope_of(user).subtree_condition()).order_by().values("pk")
        people = Posting.objects.current(grid__in=mine, role__in=_HANDLING, department__isnull=True)
        assignee, department = (cast(forms.ModelChoiceField, self.fields[name]) for name in ("assignee", "department"))
        assignee.queryset = (
            get_user_model().objects.filter(pk__in=people.order_by().values("user_id")).order_by("full_name")
        )
        serving = Grid.objects.visible_to(user).order_by().values("pk")
        department.queryset = Department.objects.filter(is_active=True, grid__in=serving)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if bool(cleaned.get("assignee")) == bool(cleaned.get("department")) and not self.errors:
            raise forms.ValidationError("请选择处置人或处置部门（二者选一）。")
        return cleaned


def dispatch_page(
    model_admin: admin.ModelAdmin, request: HttpRequest, queryset: "QuerySet[Case]"
) -> HttpResponse | None:
    cases = queryset.order_by("id")
    if cases.count() > MOST:
        model_admin.message_user(request, f"一次最多派遣 {MOST} 件，请先筛选。", messages.ERROR)
        return None
    form = BulkDispatchForm(signed_in(request), request.POST if "confirmed" in request.POST else None)
    if form.is_bound and form.is_valid():
        _dispatch_each(model_admin, request, cases, form.cleaned_data)
        return None
    return action_page(
        model_admin,
        request,
        cases,
        form,
        action="dispatch_selected",
        title="批量派遣",
        button="派遣",
        advice="逐件派遣，互不影响：个别案件不能派遣时，其余照常派遣，原因会逐件列出。",
    )


def _dispatch_each(
    model_admin: admin.ModelAdmin, request: HttpRequest, cases: "QuerySet[Case]", given: dict[str, Any]
) -> None:
    done, refused = 0, []
    assignee, department = given["assignee"], given["department"]
    for case in cases:
        try:
            workflow.dispatch(
                case_id=case.pk,
                actor=request.user,
                expected_version=case.version,
                assignee_id=assignee.pk if assignee else None,
                department_id=department.pk if department else None,
                text=given["text"],
            )
            done += 1
        except DomainError as refusal:
            refused.append((case.number, refusal.message))
    if done:
        model_admin.message_user(request, f"已派遣 {done} 件给“{assignee or department}”。", messages.SUCCESS)
    if refused:
        rows = format_html_join("", "<br>{}：{}", refused)
        model_admin.message_user(request, format_html("{} 件没有派遣：{}", len(refused), rows), messages.ERROR)
