from django.urls import path

from grids import views

app_name = "grids"
urlpatterns = [
    path("", views.grid_list, name="list"),
    path("<slug:code>/", views.grid_detail, name="detail"),
]
