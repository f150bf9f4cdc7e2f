"""Customers, creators, plans and subscriptions are found by the metadata that their callers gave them."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import pytest

from billing.models import Creator, Customer, Plan, Subscription
from engine.rest import pages
from tests.billing_api.conftest import of
from tests.rest.conftest import fault

KINDS = {"customers": Customer, "creators": Creator, "plans": Plan, "subscriptions": Subscription}


@pytest.fixture
def rows(world):
    """Two of each kind; the first carries more than the second."""
    for _ in range(2):
        world.subscription()
    world.another_plan()
    other = Creator.objects.create(id=UUID(int=1), name="Bo", created_at=world.creator.created_at)
    made = {"creators": [world.creator, other]}
    for kind in ("customers", "plans", "subscriptions"):
        made[kind] = list(KINDS[kind].objects.order_by("pk"))
    for first, second in made.values():
        type(first).objects.filter(pk=first.pk).update(
            metadata={"order": "A-17", "a[b] ü": "x", "tier": "gold"}
        )
        type(second).objects.filter(pk=second.pk).update(metadata={"order": "A-18", "tier": "gold"})
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("few", [pages.FEW, 0])
def test_they_are_found_by_what_they_carry(caller, rows, monkeypatch, kind, few):
    """Few by the index, many on the walk through the list: the same are found."""
    monkeypatch.setattr(pages, "FEW", few)
    first, second = (of(kind[:-1], each) for each in rows[kind])

    def found(**query: str) -> list[str]:
        answer = caller.get(f"/api/{kind}?{urlencode(query)}").json()
        return [each["id"] for each in answer["data"]]

    both = sorted([first, second])
    assert found(**{"metadata[order]": "A-17"}) == [first]
    assert found(**{"metadata[a[b] ü]": "x"}) == [first]
    assert found(**{"metadata[order]": "A-18", "metadata[tier]": "gold"}) == [second]
    assert found(**{"metadata[order]": "A-17", "metadata[a[b] ü]": "y"}) == []
    assert found(**{"metadata[order]": "A"}) == found(**{"metadata[Order]": "A-17"}) == []
    assert found(**{"metadata[tier]": "gold", "ordering": "created"}) == both
    assert found(**{"metadata[tier]": "gold"}) == both[::-1]


def test_pages_of_what_is_found_follow_each_other(caller, rows):
    query = "/api/customers?metadata[tier]=gold&limit=1"
    page = caller.get(query).json()
    assert page["has_more"] and "metadata%5Btier%5D=gold" in page["next"]
    last = caller.get(page["next"].removeprefix("http://testserver")).json()
    shown = [each["id"] for each in page["data"] + last["data"]]
    assert (shown, last["has_more"]) == ([of("customer", each) for each in rows["customers"][::-1]], False)


def test_other_filters_narrow_what_is_found(caller, world, rows):
    creator = of("creator", world.creator)
    first = rows["subscriptions"][0]

    def found(query: str) -> list[str]:
        return [each["id"] for each in caller.get(f"/api/subscriptions?{query}").json()["data"]]

    assert len(found(f"creator={creator}&metadata[tier]=gold")) == 2
    assert found(f"creator={creator}&metadata[order]=A-17") == [of("subscription", first)]
    assert found(f"customer={of('customer', first.customer_id)}&metadata[tier]=gold") == [
        of("subscription", first)
    ]
    assert found(f"creator={of('creator', rows['creators'][1])}&metadata[tier]=gold") == []


@pytest.mark.parametrize(("query", "code", "param"), [
    ("metadata=order", "invalid", "metadata"),
    ("metadata=order&metadata[a]=b", "invalid", "metadata"),
    ("metadata[]=x", "metadata_invalid", "metadata[]"),
    (f"metadata[{'n' * 41}]=x", "metadata_invalid", f"metadata[{'n' * 41}]"),
    ("metadata[order]=", "metadata_invalid", "metadata[order]"),
    (f"metadata[order]={'x' * 501}", "metadata_invalid", "metadata[order]"),
    ("metadata[order=x", "field_unknown", "metadata[order"),
    ("metadata.order=x", "field_unknown", "metadata.order"),
    ("metadata[order]=a&metadata[order]=b", "parameter_repeated", "metadata[order]"),
    ("metadata[order]=%00", "text_invalid", "metadata[order]"),
    ("&".join(f"metadata[{number}]=x" for number in range(51)), "invalid", "metadata"),
])  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_bad_metadata_is_refused_by_its_name(caller, kind, query, code, param):
    assert fault(caller.get(f"/api/{kind}?{query}")) == (400, code, param)


def test_a_list_without_metadata_knows_no_such_filter(caller):
    assert fault(caller.get("/api/invoices?metadata[order]=x")) == (400, "field_unknown", "metadata[order]")
