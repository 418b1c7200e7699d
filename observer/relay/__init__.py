"""``observer serve``: a relay for many phones. Bytes only: no projection, no page with content."""

from observer.relay.app import create_relay

__all__ = ["create_relay"]
