from django.urls import path

from grids.api import views

urlpatterns = [
    path("grids/", views.GridListView.as_view(), name="grid-list"),
    path("grids/<code:code>/", views.GridView.as_view(), name="grid-detail"),
    path("departments/", views.DepartmentListView.as_view(), name="department-list"),
]
