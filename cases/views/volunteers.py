"""请党员认领: the form on its own page, from the case."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cases import volunteers
from cases.forms.volunteers import OfferCaseForm
from cases.views.common import visible_case
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import refuse

_PATH = ("community", "area", "neighborhood", "micro_unit")


@login_required
def offer_case(request: HttpRequest, number: str) -> HttpResponse:
    user = signed_in(request)
    case = visible_case(user, number, *_PATH)
    back = {"retry": reverse("cases:detail", args=[case.number]), "retry_label": "返回案件"}
    if refused := volunteers.refusal(case, user):
        return refuse(request, refused, **back)
    form = OfferCaseForm(request.POST or None, case=case, grids=volunteers.grids_to_ask(case))
    if form.is_valid():
        try:
            offer = volunteers.offer_case(actor=user, case_id=case.pk, draft=form.draft())
        except NotPermitted as error:
            return refuse(request, error, **back)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已发布，符合条件且有账号的人员会收到消息。")
            return redirect("members:offer_detail", offer.pk)
    return render(request, "cases/offer.html", {"case": case, "form": form})
