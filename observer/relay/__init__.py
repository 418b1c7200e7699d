"""``observer serve``: a relay for many phones. Bytes only: no page, no projection, no content."""

from observer.relay.app import create_relay

__all__ = ["create_relay"]
