"""The merchant's own account."""

from sandbox.gateways.ipaymu.mount import MOUNT, NAME, PLATFORM, UNSETTLED, said, text, whole
from sandbox.gateways.messages import Answer, Refused, Request


@MOUNT.route("POST", "/balance", lookup=True)
def balance(request: Request) -> Answer:
    """In text. 400 for another's number."""
    world, va = request.world, request.world.settings(NAME)["va"]
    if text(request.data, "account") != va:
        raise Refused(400, {"Status": 400, "Message": "Invalid va"})
    held = world.books.balance(PLATFORM, "IDR") + world.books.balance(UNSETTLED, "IDR")
    return said({"Va": va, "MerchantBalance": str(held), "MemberBalance": "0"})


@MOUNT.route("POST", "/transferva")
def transfer(request: Request) -> Answer:
    """Between members: for those alone to whom it was granted; 403 for all others."""
    world, data = request.world, request.data
    if not world.settings(NAME)["transferva_granted"]:
        raise Refused(403, {"Status": 403, "Message": "forbidden"})
    amount, receiver = whole(data.get("amount"), "amount"), text(data, "receiver")
    if world.books.balance(PLATFORM, "IDR") < amount:
        raise Refused(400, {"Status": 400, "Message": "Insufficient balance"})
    member = type(PLATFORM)(NAME, receiver)
    number = world.fresh("", 12)
    reference = str(data.get("referenceId") or "")
    world.books.move("release", PLATFORM, member, amount, "IDR", reference=reference, object_id=number)
    return said({"TransactionId": number, "ReferenceId": reference, "Amount": amount, "Receiver": receiver})
