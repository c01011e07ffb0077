"""Pages that write: a form is shown, its act performed; refusals and what was typed come back on the form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from grids.authority import runs_desk
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, IllegalTransition, NotPermitted, NotVisible, StaleObject
from liangcheng.common.web import add_refusal, refuse
from members.access import log_access
from members.choices import AccessKind
from members.register_forms import ReasonForm, RegisterForm
from members.revealing import has_contacts, may_reveal, reveal

_DESK_ONLY = "由本网格或上级网格的网格长、联络员、派遣员登记，您的岗位不能修改。"


@dataclass(frozen=True)
class ActPage:
    """The frame around a form: what it is called, its button, where one came from, what to know before."""

    title: str
    button: str
    back: str
    back_label: str = "返回"
    note: str = ""
    template: str = "members/act.html"
    danger: bool = False


def perform(
    request: HttpRequest,
    form: Any,
    page: ActPage,
    act: Callable[[Any], HttpResponse],
    **more: Any,
) -> HttpResponse:
    """Show `form`; on POST call `act` with it once it is valid, whose answer is the page's."""
    status = 200
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            return act(form)
        except StaleObject as error:
            status = 409
            form.add_error(None, f"{error.message}您填写的内容还在下面，核对后可再次保存。")
            form.data = _renewed(form)
        except DomainError as error:
            if error.field is None and isinstance(error, NotPermitted | NotVisible | IllegalTransition):
                return refuse(request, error, retry=page.back, retry_label="返回核对")
            add_refusal(form, error)
    return render(request, page.template, {"form": form, "page": page, **more}, status=status)


def done(request: HttpRequest, text: str, address: str) -> HttpResponse:
    """What was done in one line, on the page where one goes on. Never a name: messages travel in the session."""
    messages.success(request, text)
    return redirect(address)


def _renewed(form: Any) -> Any:
    """What was sent, with the newest version of the row: saving once more is then on purpose."""
    data = form.data.copy()
    if (row := getattr(form, "instance", None)) is not None:
        newest = type(row)._default_manager.filter(pk=row.pk).first()
        data["seen"] = newest.updated_at.isoformat() if newest else ""
    return data


def edit_page(
    request: HttpRequest,
    form_class: type[RegisterForm],
    save: Callable[..., Any],
    row: Any,
    page: ActPage,
    address: Callable[[Any], str],
) -> HttpResponse:
    """Enter (`row` None) or change a row of a register by its desk. Opening a form with whole numbers is logged."""
    user = signed_in(request)
    if not runs_desk(user, row):
        return refuse(request, NotPermitted("not_permitted", _DESK_ONLY), retry=page.back, retry_label="返回")
    initial = _preset(request) if row is None else None
    form = form_class(request.POST if request.method == "POST" else None, instance=row, user=user, initial=initial)
    if row is not None and request.method != "POST" and has_contacts_of(row):
        log_access(user, AccessKind.REVEALED, row, reason="修改登记")

    def act(form: RegisterForm) -> HttpResponse:
        seen = form.cleaned_data["seen"] if row is not None else None
        return done(request, "已保存。", address(save(user, row.pk if row is not None else None, form.values(), seen)))

    answer = perform(request, form, page, act)
    answer["Cache-Control"] = "no-store"
    return answer


def _preset(request: HttpRequest) -> dict[str, Any]:
    """What the address says of a new row: the grid by its code, a kind. The form checks it like anything typed."""
    given = request.GET.dict()
    if code := given.pop("grid", ""):
        given["grid"] = Grid.objects.visible_to(signed_in(request)).filter(code=code).order_by().first()
    return given


def has_contacts_of(row: Any) -> bool:
    """Whether the row holds a name and number of somebody; teams do not."""
    return row._meta.model_name != "team" and has_contacts(row)


def reveal_page(request: HttpRequest, row: Any, what: str, back: str) -> HttpResponse:
    """Ask for the reason, then show the whole names and numbers once; the answer is not kept by the browser.

    404 where the row has none.
    """
    user = signed_in(request)
    page = ActPage(f"查看{what}的完整信息", "确认查看", back, f"返回{what}")
    if not has_contacts(row):
        raise Http404
    if request.method != "POST" and not may_reveal(user, row):
        error = NotPermitted("not_permitted", "完整信息由本网格的网格长、联络员、派遣员和所在微单元的网格员查看。")
        return refuse(request, error, retry=page.back, retry_label="返回")

    def act(form: Any) -> HttpResponse:
        shown, entries = reveal(actor=user, model=type(row), pk=row.pk, reason=form.cleaned_data["reason"])
        return render(request, "members/revealed.html", {"row": shown, "entries": entries, "page": page})

    answer = perform(request, ReasonForm(request.POST if request.method == "POST" else None), page, act)
    answer["Cache-Control"] = "no-store"
    return answer
