"""What we rely on in Datasette 1.0a41 and its plugins, so that another version fails here first."""

import asyncio
import inspect
from typing import Any

import datasette
import datasette_auth_passwords
import pytest
from datasette import hookspecs
from datasette.app import Datasette
from datasette.permissions import Action, PermissionSQL
from datasette.plugins import get_plugins, pm
from datasette.resources import DatabaseResource

import review

# hook: the arguments that we take
HOOKS = {
    "register_actions": set(),
    "permission_resources_sql": {"datasette", "actor", "action"},
    "register_routes": set(),
    "prepare_connection": {"conn"},
    "prepare_jinja2_environment": {"env"},
    "forbidden": {"datasette", "request", "message"},
    "handle_exception": {"datasette", "request", "exception"},
    "extra_template_vars": {"datasette", "request", "template"},
    "extra_css_urls": {"datasette"},
    "render_cell": {"row", "value", "column", "table", "database"},
    "row_actions": {"datasette", "database", "table", "row"},
    "asgi_wrapper": {"datasette"},
}


def test_the_version_is_the_one_our_access_rules_were_tested_with() -> None:
    assert datasette.__version__ == "1.0a41"


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_there_and_takes_what_we_take(hook: str) -> None:
    offered = set(inspect.signature(getattr(hookspecs, hook)).parameters)
    taken = set(inspect.signature(getattr(review, hook)).parameters)
    assert taken == HOOKS[hook]
    assert taken <= offered


def test_no_hook_of_ours_is_missing_above() -> None:
    ours = {name for name in dir(review) if hasattr(getattr(review, name), "datasette_impl")}
    assert ours == set(HOOKS)


def test_the_plugin_is_found_by_its_entry_point_with_templates_and_static_files() -> None:
    assert pm.has_plugin("trial_observer_review")
    plugin = next(one for one in get_plugins() if one["name"] == "trial-observer")
    assert plugin["templates_path"]
    assert plugin["static_path"]


def test_the_fields_of_rules_and_actions() -> None:
    rule = PermissionSQL(sql="SELECT 1", params={"a": 1})
    assert (rule.sql, rule.params) == ("SELECT 1", {"a": 1})
    action = Action(
        name="x", description="y", resource_class=DatabaseResource, also_requires="view-database"
    )
    assert action.takes_parent
    assert not action.takes_child


def _run(instance: Datasette, *, action: str, actor: Any, resource: Any = None) -> bool:
    async def ask() -> bool:
        await instance.invoke_startup()
        return bool(await instance.allowed(action=action, resource=resource, actor=actor))

    try:
        return asyncio.run(ask())
    finally:
        instance.close()


@pytest.mark.parametrize("action", ["view-instance", "execute-sql", "view-database"])
@pytest.mark.parametrize("actor", [None, {"id": "somebody"}, {"id": "root"}])
def test_default_deny_denies_all_that_no_rule_allows(action: str, actor: Any) -> None:
    resource = None if action == "view-instance" else DatabaseResource("_memory")
    made = Datasette(memory=True, default_deny=True)
    assert not _run(made, action=action, actor=actor, resource=resource)


def test_without_it_everything_is_open_so_the_flag_matters() -> None:
    made = Datasette(memory=True)
    assert _run(made, action="view-database", actor=None, resource=DatabaseResource("_memory"))


def test_a_plugins_route_comes_before_datasettes_own() -> None:
    made = Datasette(memory=True, default_deny=True)
    try:
        patterns = [pattern.pattern for pattern, _view in made._routes()]
        ours = next(n for n, pattern in enumerate(patterns) if "allow-debug|" in pattern)
        theirs = [n for n, p in enumerate(patterns) if n != ours and "/-/config" in p]
        passwords = [n for n, p in enumerate(patterns) if n != ours and "password-tool" in p]
        assert theirs
        assert passwords
        assert ours < min(theirs + passwords)
    finally:
        made.close()


def test_the_passwords_plugin_reads_the_configuration_we_write() -> None:
    source = inspect.getsource(datasette_auth_passwords.password_login)
    assert 'plugin_config("datasette-auth-passwords")' in source
    assert '"_password_hash"' in source
    assert 'config.get("actors")' in source
    hashed = datasette_auth_passwords.hash_password("pw", iterations=1)
    assert datasette_auth_passwords.verify_password("pw", hashed)
    assert not datasette_auth_passwords.verify_password("other", hashed)


def test_settings_that_we_set_exist() -> None:
    from datasette.app import DEFAULT_SETTINGS

    from review.datasette_config import SETTINGS

    assert set(SETTINGS) <= set(DEFAULT_SETTINGS)
