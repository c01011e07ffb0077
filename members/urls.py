"""Addresses of the registers."""

from django.urls import path, register_converter

from liangcheng.common.converters import CodeConverter
from members import views

app_name = "members"
register_converter(CodeConverter, "unit_code")

urlpatterns = [
    path("units/", views.unit_list, name="unit_list"),
    path("units/<unit_code:code>/", views.unit_detail, name="unit_detail"),
    path("buildings/", views.building_list, name="building_list"),
    path("buildings/<int:pk>/", views.building_detail, name="building_detail"),
    path("organizations/", views.organization_list, name="organization_list"),
    path("organizations/<int:pk>/", views.organization_detail, name="organization_detail"),
    path("members/", views.member_list, name="member_list"),
    path("members/<int:pk>/", views.member_detail, name="member_detail"),
    path("registers/<slug:register>/template/", views.sheet_template, name="sheet_template"),
    path("registers/<slug:register>/export/", views.export_list, name="export"),
    path("registers/<slug:register>/import/", views.sheet_upload, name="sheet_import"),
    path("imports/<int:pk>/", views.sheet_job, name="sheet_job"),
    path("imports/<int:pk>/start/", views.sheet_start, name="sheet_start"),
    path("imports/<int:pk>/errors/", views.sheet_errors, name="sheet_errors"),
]
