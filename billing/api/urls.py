"""Billing's addresses under /api/."""

from __future__ import annotations

from django.urls import path

from billing.api import acts, creators, customers, invoices, methods, plans, subscriptions

_SUBSCRIPTION = "subscriptions/<str:subscription_id>"

urlpatterns = [
    path("customers", customers.Customers.as_view()),
    path("customers/<str:customer_id>", customers.CustomerView.as_view()),
    path("creators", creators.Creators.as_view()),
    path("creators/<str:creator_id>", creators.CreatorView.as_view()),
    path("creators/<str:creator_id>/stats", creators.CreatorStats.as_view()),
    path("plans", plans.Plans.as_view()),
    path("plans/<str:plan_id>", plans.PlanView.as_view()),
    path("plans/<str:plan_id>/versions", plans.PlanVersions.as_view()),
    path("plans/<str:plan_id>/activate", plans.ActivatePlan.as_view()),
    path("plans/<str:plan_id>/deactivate", plans.DeactivatePlan.as_view()),
    path("subscriptions", subscriptions.Subscriptions.as_view()),
    path(_SUBSCRIPTION, subscriptions.SubscriptionView.as_view()),
    path(f"{_SUBSCRIPTION}/cancel", acts.Cancel.as_view()),
    path(f"{_SUBSCRIPTION}/pause", acts.Pause.as_view()),
    path(f"{_SUBSCRIPTION}/resume", acts.Resume.as_view()),
    path(f"{_SUBSCRIPTION}/payment_method", acts.ChangeMethod.as_view()),
    path(f"{_SUBSCRIPTION}/auto_pay", acts.AutoPay.as_view()),
    path(f"{_SUBSCRIPTION}/trigger", acts.Trigger.as_view()),
    path(f"{_SUBSCRIPTION}/release", acts.Release.as_view()),
    path(f"{_SUBSCRIPTION}/skip", acts.Skip.as_view()),
    path("payment-methods/<str:method_id>/replace", methods.ReplaceMethod.as_view()),
    path("invoices", invoices.Invoices.as_view()),
    path("invoices/<str:invoice_id>", invoices.InvoiceView.as_view()),
    path("invoices/<str:invoice_id>/release", invoices.ReleaseDraft.as_view()),
]
