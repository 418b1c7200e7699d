"""The addresses of the shell: one origin gives phones the shell and the calls.

No cookie is set or read, so nothing here depends on who asks.
"""

from typing import Final

from flask import Blueprint, Flask, current_app, redirect, request
from werkzeug.wrappers import Response

from observer.shell.edition import Shell, ShellNotBuilt
from observer.shell.files import HTML, ShellFile
from observer.shell.rendering import base

pages = Blueprint("shell", __name__)

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    # The reader of square codes makes its worker from a blob: of its own bundled text.
    "img-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(self)",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add_shell(app: Flask, shell: Shell) -> None:
    """Give an app the shell's addresses."""
    app.extensions["shell"] = shell
    app.register_blueprint(pages)


def _shell() -> Shell:
    found: Shell = current_app.extensions["shell"]
    return found


@pages.get("/")
def begin() -> Response:
    """The app in the language of who asks."""
    known = _shell().languages
    language = request.accept_languages.best_match(known) or known[0]
    answer = redirect(base(language))
    answer.headers["Vary"] = "Accept-Language"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.get("/app/<language>/", defaults={"path": ""})
@pages.get("/app/<language>/<path:path>")
def show(language: str, path: str) -> Response:
    """A file of the shell."""
    shell = _shell()
    if language not in shell.languages:
        return _notice(shell.languages[0], "missing", 404)
    try:
        found = shell.worker(language) if path == "sw.js" else shell.edition(language).find(path)
    except ShellNotBuilt:
        return _notice(language, "unbuilt", 503)
    return _answer(found) if found else _notice(language, "missing", 404)


def _answer(file: ShellFile) -> Response:
    packed = file.packed if request.accept_encodings["gzip"] else None
    answer = current_app.response_class(packed or file.body, content_type=file.type)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Vary"] = "Accept-Encoding"
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(file.sha256[:32] + ("-gz" if packed else ""))
    return answer.make_conditional(request)


def _notice(language: str, reason: str, status: int) -> Response:
    body = _shell().renderer.notice(language, reason)
    answer = current_app.response_class(body, status, content_type=HTML)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.after_request
def headers(response: Response) -> Response:
    """What every answer of the shell says to browsers."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
