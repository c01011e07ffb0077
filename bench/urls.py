"""The registry's addresses and the floors: a view that does nothing, and one that reads a row."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from liangcheng.urls import handler400, handler403, handler404, handler500, urlpatterns
from members.models import Building

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@login_required
def one_row(request: HttpRequest, pk: int) -> HttpResponse:
    """What any page costs that reads a row of the user's: session, user, and one row by its primary key."""
    return HttpResponse(Building.objects.get(pk=pk).name if request.user.pk else "")


urlpatterns = [path("bench-ok/", ok), path("bench-row/<int:pk>/", one_row), *urlpatterns]
