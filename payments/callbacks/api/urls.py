from __future__ import annotations

from django.urls import path

from payments.callbacks.api import door, views

urlpatterns = [
    path("webhooks", views.Callbacks.as_view()),
    path("webhooks/<str:name>", views.CallbackView.as_view()),
    path("webhooks/<str:name>/work", views.WorkAgain.as_view()),
    path("billing/webhook", door.ipaymu),
]
