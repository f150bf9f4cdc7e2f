"""The examples in the OpenAPI document have the fields of their shapes (what each operation must show: tests/rest)."""

from __future__ import annotations

import pytest

from engine.outbox import api as events
from payments.api import examples, method_shapes, sending, shapes

SHOWN = {
    shapes.PaymentMethodShape: examples.METHOD, method_shapes.MethodAskedShape: examples.METHOD_ASKED,
    method_shapes.ApprovalShape: examples.APPROVAL, shapes.AttemptShape: examples.ATTEMPT,
    shapes.AttemptWholeShape: examples.ATTEMPT_WHOLE, shapes.EvidenceShape: examples.EVIDENCE,
    shapes.PaymentShape: examples.PAYMENT, shapes.AcceptedShape: examples.ACCEPTED,
    shapes.MomentShape: examples.TIMELINE["data"][0], shapes.CaseShape: examples.CASE,
    events.EventShape: events._EVENT, sending.SendingShape: examples.SENDING,
    sending.ProviderShape: examples.PROVIDER,
}  # fmt: skip


@pytest.mark.parametrize("shape", SHOWN, ids=lambda shape: shape.__name__)
def test_examples_have_the_fields_of_their_shape(shape):
    assert SHOWN[shape].keys() == shape().fields.keys()
