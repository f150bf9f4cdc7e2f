"""JSON-RPC methods; ``dispatch.METHODS`` lists them."""
