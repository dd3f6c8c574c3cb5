from django.urls import path

from .views import board

app_name = "standards"

urlpatterns = [
    path("", board.board, name="board"),
    path("<slug:indicator>/", board.records, name="records"),
]
