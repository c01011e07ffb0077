"""Units and buildings while somebody types: a fragment of options."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liangcheng.accounts.current import signed_in
from members.searchwords import ranges
from members.suggestions import suggest


@login_required
def suggest_places(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:50]
    context = {"suggestions": suggest(signed_in(request), text), "too_short": not ranges(text)}
    return render(request, "members/_suggestions.html", context)
