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
    path("members/new/", views.member_new, name="member_new"),
    path("members/<int:pk>/edit/", views.member_edit, name="member_edit"),
    path("members/<int:pk>/retire/", views.member_retire, name="member_retire"),
    path("members/<int:pk>/restore/", views.member_restore, name="member_restore"),
    path("members/<int:pk>/transfer/", views.member_transfer, name="member_transfer"),
    path("members/transfers/", views.transfer_list, name="transfer_list"),
    path("members/transfers/<int:pk>/", views.transfer_detail, name="transfer_detail"),
    path("members/duplicates/", views.duplicate_list, name="duplicates"),
    path("members/duplicates/apart/", views.tell_apart, name="tell_apart"),
    path("members/duplicates/<int:keep>/<int:drop>/", views.member_merge, name="member_merge"),
]
