"""Reading positional parameters. Clients send explicit null for what they leave out."""

from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey
from solders.signature import Signature

from sandbox.localnet.chain import Chain
from sandbox.localnet.faults import Fault
from sandbox.localnet.rpc import errors
from sandbox.localnet.view import View


@dataclass(slots=True)
class Call:
    """One request: the node asked, its parameters, and a fault that changes what sending does."""

    view: View
    params: list[Any]
    fault: Fault | None = None

    @property
    def chain(self) -> Chain:
        """The chain behind the node."""
        return self.view.chain

    def at(self, index: int, kind: type, default: Any = ...) -> Any:
        """The parameter at ``index``; null and absent give ``default``, or -32602 without one."""
        value = self.params[index] if index < len(self.params) else None
        if value is None:
            if default is ...:
                raise errors.invalid_params(f"`params` should have at least {index + 1} argument(s)")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise errors.invalid_params(f"Invalid params: parameter {index} must be {kind.__name__}")
        return value

    def options(self, index: int) -> dict[str, Any]:
        """The options object at ``index``, without its null members."""
        given: dict[str, Any] = self.at(index, dict, {})
        return {name: value for name, value in given.items() if value is not None}

    def pubkey(self, index: int) -> Pubkey:
        """The address at ``index``."""
        return parse_pubkey(self.at(index, str))


def parse_pubkey(text: str) -> Pubkey:
    """Base58 text as an address, or -32602."""
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise errors.invalid_params(f"Invalid param: Invalid pubkey {text!r}") from None


def check_signature(text: Any) -> str:
    """Base58 text that is a signature, or -32602."""
    try:
        return str(Signature.from_string(text))
    except (TypeError, ValueError):
        raise errors.invalid_params(f"Invalid param: Invalid signature {text!r}") from None


def limited(options: dict[str, Any], key: str, most: int) -> int:
    """A positive limit from the options, ``most`` when absent; -32602 above it."""
    value = options.get(key, most)
    if not isinstance(value, int) or not 0 < value <= most:
        raise errors.invalid_params(f"Invalid {key}; max {most}")
    return value


def with_context(slot: int, value: Any) -> dict[str, Any]:
    """The usual result: a value and the slot of the bank that gave it."""
    return {"context": {"slot": slot}, "value": value}
