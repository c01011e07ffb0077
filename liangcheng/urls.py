"""All addresses of the registry."""

from django.contrib import admin
from django.urls import include, path

from liangcheng.common.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("liangcheng.accounts.urls")),
    path("api/v1/", include("liangcheng.api_urls")),
    path("grids/", include("grids.urls")),
    path("", include("members.urls")),
    path("", include("cases.urls")),
]

handler400 = "liangcheng.common.errors.bad_request"
handler403 = "liangcheng.common.errors.forbidden"
handler404 = "liangcheng.common.errors.not_found"
handler500 = "liangcheng.common.errors.server_error"
