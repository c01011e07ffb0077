from django.urls import path

from members.api import views
from members.api.coverage import CoverageView

urlpatterns = [
    path("units/", views.UnitListView.as_view(), name="unit-list"),
    path("units/<code:code>/", views.UnitView.as_view(), name="unit-detail"),
    path("buildings/", views.BuildingListView.as_view(), name="building-list"),
    path("members/", views.MemberCountView.as_view(), name="member-counts"),
    path("coverage/", CoverageView.as_view(), name="coverage"),
]
