"""The application factory."""

import os
import secrets
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, Response, g, render_template, request, session
from flask_babel import Babel, get_locale
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from observer.profile import Home
from observer.views import blueprints
from observer.views.words import install_filters
from observer.workspace import Workspace
from schemas.errors import TrialObserverError

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def home_folder() -> Home:
    """The folder of this laptop's mission: ``OBSERVER_INSTANCE``, else ``instance/observer``."""
    return Home(Path(os.environ.get("OBSERVER_INSTANCE", "instance/observer")).resolve())


def languages() -> list[str]:
    """English, and each language that has a catalogue."""
    folder = Path(__file__).parent / "translations"
    return ["en", *sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/*.po"))]


def create_app(home: Home | None = None, config: dict[str, Any] | None = None) -> Flask:
    """The app over one mission's folder.

    :param home: the folder, by default that of the environment
    :param config: Flask settings that go before the defaults, for tests
    """
    home = home or home_folder()
    app = Flask(__name__, instance_path=str(home.folder))
    app.config.from_mapping(
        SECRET_KEY=_secret(home),
        TRUSTED_HOSTS=["127.0.0.1", "localhost"],
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=1_000_000,
        WTF_CSRF_TIME_LIMIT=None,
        LANGUAGES=languages(),
    )
    app.config.from_mapping(config or {})
    Babel(app, locale_selector=_language)
    CSRFProtect(app)
    install_filters(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    _open_workspace(app, home)
    _answer_errors(app)
    return app


def _secret(home: Home) -> bytes:
    home.folder.mkdir(parents=True, exist_ok=True)
    if not home.secret_path.exists():
        with open(os.open(home.secret_path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    return home.secret_path.read_bytes()


def _language() -> str:
    known = languages()
    chosen = session.get("language") or os.environ.get("OBSERVER_LANGUAGE")
    return chosen if chosen in known else request.accept_languages.best_match(known) or "en"


def _open_workspace(app: Flask, home: Home) -> None:
    """One workspace for the life of the app; its stores take one writer at a time."""

    @app.before_request
    def give_workspace() -> None:
        if "workspace" not in app.extensions:
            app.extensions["workspace"] = Workspace(home)
        g.workspace = app.extensions["workspace"]

    @app.context_processor
    def page() -> dict[str, Any]:
        locale = get_locale() or Locale("en")
        return {
            "direction": "rtl" if locale.character_order == "right-to-left" else "ltr",
            "language": str(locale),
            "languages": languages(),
            "profile": getattr(g, "workspace", None) and g.workspace.profile,
        }

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _answer_errors(app: Flask) -> None:
    def answer(error: TrialObserverError) -> tuple[Any, int]:
        if request.headers.get("Accept") == "application/json":
            return dict(error.as_json()), error.status
        return render_template("error.html", message=error.message), error.status

    @app.errorhandler(TrialObserverError)
    def told(error: TrialObserverError) -> tuple[Any, int]:
        return answer(error)

    @app.errorhandler(CSRFError)
    def stale(_error: CSRFError) -> tuple[Any, int]:
        return render_template("error.html", message=None, stale=True), 400

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[Any, int]:
        return render_template("error.html", message=None, status=error.code), error.code or 500

    @app.errorhandler(500)
    def fault(_error: Exception) -> tuple[Any, int]:
        return render_template("error.html", message=None, status=500), 500
