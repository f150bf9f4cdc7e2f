"""The page of a payer, beside the API: pay it or let it lapse."""

from typing import Any
from urllib.parse import parse_qs, urlencode

from sandbox.gateways.ipaymu import transactions
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import Mount
from sandbox.gateways.pages import form, page, redirect

Row = dict[str, Any]


class Payer(Mount):
    """What a link leads to."""

    name, path = "ipaymu-pages", "/ipaymu/payment"


PAGES = Payer()


@PAGES.route("GET", "/{sid}", page=True)
def show(request: Request) -> Answer:
    """What is asked of the payer."""
    row = _row(request)
    facts = {"Amount": f"{row['total']} IDR", "Reference": row["reference"], "Status": str(row["status"])}
    if row["status"] != transactions.PENDING:
        return page("Nothing is asked of you", facts)
    pressed = form(f"{PAGES.path}/{row['sid']}", {"pay": "Pay", "expire": "Let it expire"})
    return page("Pay with iPaymu", facts, [pressed])


@PAGES.route("POST", "/{sid}", page=True)
def press(request: Request) -> Answer:
    """A button."""
    row = _row(request)
    paid = parse_qs(request.body.decode()).get("do") == ["pay"]
    if row["status"] == transactions.PENDING:
        if paid and not row["via"]:
            row |= {"via": "qris", "channel": "mpm"}
        transactions.end(request.world, row, transactions.PAID if paid else transactions.EXPIRED)
    if not row["back"]:
        return redirect(f"{PAGES.path}/{row['sid']}")
    query = urlencode({"sid": row["sid"], "trx_id": row["id"], "status": row["status"]})
    return redirect(f"{row['back']}{'&' if '?' in row['back'] else '?'}{query}")


def _row(request: Request) -> Row:
    row = transactions.of_session(request.world, request.args["sid"])
    if row is None:
        raise Refused(404, b"no such payment")
    return row
