"""Addresses of payments under /api/. Two lists stand in config/urls.py with what they are given."""

from __future__ import annotations

from django.urls import path

from payments.api import acts, cases, disputes, method_acts, methods, payments, refunds, sending

_PAYMENT, _METHOD = "payments/<str:payment_id>", "payment-methods/<str:method_id>"

urlpatterns = [
    path(_PAYMENT, payments.PaymentView.as_view()),
    path(f"{_PAYMENT}/attempts", payments.PaymentAttempts.as_view()),
    path(f"{_PAYMENT}/timeline", payments.PaymentTimeline.as_view()),
    path(f"{_PAYMENT}/retry", acts.Retry.as_view()),
    path(f"{_PAYMENT}/verify", acts.Verify.as_view()),
    path(f"{_PAYMENT}/park", acts.Park.as_view()),
    path(f"{_PAYMENT}/unpark", acts.Unpark.as_view()),
    path(f"{_PAYMENT}/end", acts.End.as_view()),
    path(f"{_PAYMENT}/declare_absent", acts.DeclareAbsent.as_view()),
    path("attempts/<str:attempt_id>", payments.AttemptView.as_view()),
    path("attempts/<str:attempt_id>/evidence", payments.AttemptEvidence.as_view()),
    path("attempts/<str:attempt_id>/look_up", acts.LookUp.as_view()),
    path("cases", cases.Cases.as_view()),
    path("cases/<str:case_id>", cases.CaseView.as_view()),
    path("cases/<str:case_id>/close", cases.CloseCase.as_view()),
    path("cases/<str:case_id>/apply", cases.ApplyMoney.as_view()),
    path("cases/<str:case_id>/return", cases.ReturnMoney.as_view()),
    path("cases/<str:case_id>/left_once", cases.LeftOnce.as_view()),
    path("cases/<str:case_id>/left_twice", cases.LeftTwice.as_view()),
    path("disputes", disputes.Disputes.as_view()),
    path("disputes/<str:dispute_id>", disputes.DisputeView.as_view()),
    path("refunds", refunds.Refunds.as_view()),
    path("refunds/<str:refund_id>", refunds.RefundView.as_view()),
    path("refunds/<str:refund_id>/cancel", refunds.CancelRefund.as_view()),
    path("refunds/<str:refund_id>/record", refunds.RecordRefund.as_view()),
    path("sending", sending.Sending.as_view()),
    path("sending/stop", sending.StopSending.as_view()),
    path("sending/start", sending.StartSending.as_view()),
    path("providers", sending.Providers.as_view()),
    path("providers/<str:provider>/pause", sending.PauseProvider.as_view()),
    path("providers/<str:provider>/resume", sending.ResumeProvider.as_view()),
    path(_METHOD, methods.MethodView.as_view()),
    path(f"{_METHOD}/confirm", method_acts.ConfirmMethod.as_view()),
    path(f"{_METHOD}/approval", method_acts.ApproveAgain.as_view()),
    path(f"{_METHOD}/default", method_acts.MakeDefault.as_view()),
    path(f"{_METHOD}/remove", method_acts.RemoveMethod.as_view()),
]
