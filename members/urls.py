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
    path("services/", views.service_list, name="service_list"),
    path("services/new/", views.service_new, name="service_new"),
    path("services/mine/", views.service_mine, name="service_mine"),
    path("services/export/", views.service_export, name="service_export"),
    path("services/confirm/", views.service_confirm, name="service_confirm"),
    path("services/<int:pk>/", views.service_detail, name="service_detail"),
    path("services/<int:pk>/correct/", views.service_correct, name="service_correct"),
    path("services/<int:pk>/<slug:act>/", views.service_act, name="service_act"),
    path("offers/", views.offer_list, name="offer_list"),
    path("offers/new/", views.offer_new, name="offer_new"),
    path("offers/<int:pk>/", views.offer_detail, name="offer_detail"),
    path("offers/<int:pk>/claim/", views.offer_claim, name="offer_claim"),
    path("offers/<int:pk>/enter/", views.offer_enter, name="offer_enter"),
    path("offers/<int:pk>/close/", views.offer_close, name="offer_close"),
    path("claims/<int:pk>/finish/", views.claim_finish, name="claim_finish"),
    path("claims/<int:pk>/give-up/", views.claim_give_up, name="claim_give_up"),
    path("climb/", views.climb, name="climb"),
    path("climb/branches/<int:pk>/", views.climb_organization, name="climb_organization"),
    path("climb/people/<int:pk>/", views.climb_member, name="climb_member"),
]
