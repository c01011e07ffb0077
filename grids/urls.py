from django.urls import path

from grids import views

app_name = "grids"
urlpatterns = [
    path("", views.grid_list, name="list"),
    path("standin/", views.standin, name="standin"),
    path("standin/<int:pk>/end/", views.standin_end, name="standin_end"),
    path("<slug:code>/", views.grid_detail, name="detail"),
]
