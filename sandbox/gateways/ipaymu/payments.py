"""Ways to ask a payer for money: a page, or a code to pay at a bank, a shop or with a phone."""

from typing import Any

from sandbox.gateways.ipaymu import transactions
from sandbox.gateways.ipaymu.mount import MOUNT, invalid, local, said, text, whole
from sandbox.gateways.messages import Answer, Request

Row = dict[str, Any]
CHANNELS = {
    "va": ("bca", "bni", "bri", "mandiri", "bsi", "cimb", "permata"), "cstore": ("alfamart", "indomaret"),
    "qris": ("mpm",), "ewallet": ("dana", "ovo"), "cc": ("cc",), "paylater": ("akulaku",), "cod": ("rpx",),
}  # fmt: skip
HOURS_FIXED = {"bca": 12.0, "alfamart": 24.0, "mpm": 5 / 60}
HOURS_MAX = {"bri": 2.0, "bsi": 3.0}


@MOUNT.route("POST", "/payment")
def page(request: Request) -> Answer:
    """A link. Its answer names no transaction: that comes with the callback."""
    data = request.data
    prices, amounts = data.get("price"), data.get("qty")
    if not all(isinstance(each, list) and each for each in (prices, amounts, data.get("product"))):
        raise invalid("product", "product, qty dan price wajib diisi")
    if not len(prices) == len(amounts) == len(data["product"]):
        raise invalid("product", "product, qty dan price harus sama banyak")
    pairs = zip(prices, amounts, strict=True)
    total = sum(whole(price, "price") * whole(amount, "qty") for price, amount in pairs)
    buyer = {name: str(data.get(f"buyer{name.capitalize()}") or "") for name in ("name", "email", "phone")}
    row = {"amount": total, **buyer, **_common(data), "via": "", "channel": "", "code": ""}
    transactions.begin(request, row, _hours(data, ""))
    host = request.base or request.world.base
    return said({"SessionID": row["sid"], "Url": f"{host}/ipaymu/payment/{row['sid']}"})


@MOUNT.route("POST", "/payment/direct")
def direct(request: Request) -> Answer:
    """A code of a channel. The same reference again makes another code, and both can be paid."""
    data = request.data
    method, channel = text(data, "paymentMethod"), text(data, "paymentChannel")
    if channel not in CHANNELS.get(method, ()):
        raise invalid("paymentChannel", "paymentChannel tidak tersedia")
    buyer = {name: text(data, name) for name in ("name", "email", "phone")}
    code = "8578" + "".join(request.world.random.choices("0123456789", k=12))
    row = {"amount": whole(data.get("amount"), "amount"), **buyer, **_common(data), "via": method,
           "channel": channel, "code": code}  # fmt: skip
    transactions.begin(request, row, _hours(data, channel))
    found = {
        "SessionId": row["sid"], "TransactionId": row["id"], "ReferenceId": row["reference"], "Via": method.upper(),
        "Channel": channel.upper(), "PaymentNo": code, "PaymentName": row["name"], "Total": row["total"],
        "Fee": row["fee"], "Expired": local(row["ends"]), "SubTotal": row["amount"],
    }  # fmt: skip
    return said(found | ({"QrString": f"00020101{code}"} if method == "qris" else {}), "Success")


@MOUNT.route("GET", "/payment-channels", lookup=True)
def channels(request: Request) -> Answer:
    """What can be paid with."""
    fee = {"ActualFee": 3500, "ActualFeeType": "FLAT", "AdditionalFee": 0}
    rows = [
        {"Code": method, "Name": method.upper(), "Description": method, "Channels": [
            {"Code": each, "Name": each.upper(), "FeatureStatus": "active", "HealthStatus": "online",
             "TransactionFee": fee} for each in names]}
        for method, names in CHANNELS.items()
    ]  # fmt: skip
    return said(rows)


def _common(data: Row) -> Row:
    return {"reference": str(data.get("referenceId") or ""), "notify": text(data, "notifyUrl", "")}


def _hours(data: Row, channel: str) -> float:
    asked = float(whole(data.get("expired") or 24, "expired"))
    return HOURS_FIXED.get(channel, min(asked, HOURS_MAX.get(channel, asked)))
