"""Whether this process can serve: for the start-up script and the load balancer."""

from django.http import HttpRequest, HttpResponse

from liangcheng.common.db import answers


def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok" when the database answers, 503 otherwise; no session, no user."""
    if not answers():
        return HttpResponse("database", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
