"""What every page knows."""

from typing import Any

from django.http import HttpRequest

SITE_NAME = "凉城网格案件登记"


def site(request: HttpRequest) -> dict[str, Any]:
    return {"site_name": SITE_NAME}
