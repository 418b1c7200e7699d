"""The offline client's shell: what a phone fetches once and keeps, rendered by Flask and Jinja."""

from observer.shell.edition import Edition, Shell, ShellNotBuilt, bundle
from observer.shell.pages import add_shell

__all__ = ["Edition", "Shell", "ShellNotBuilt", "add_shell", "bundle"]
