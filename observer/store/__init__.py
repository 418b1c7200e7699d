"""The observer's own store beside the log: what is typed and not yet sent."""

from observer.store.drafts import Draft, Drafts

__all__ = ["Draft", "Drafts"]
