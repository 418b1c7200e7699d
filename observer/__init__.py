"""The app in court: a Flask app on the observer's own laptop, its forms and its commands."""

from observer.app import create_app

__all__ = ["create_app"]
