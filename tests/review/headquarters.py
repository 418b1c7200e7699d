"""A Datasette of our configuration in this process, over fictional missions, to ask as anybody."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette_auth_passwords import hash_password

from review.datasette_config import config_of, metadata_of, missions
from sync.projection import paths_of

PASSWORD = "correct horse"
ACCOUNTS = [
    ("vera", "reviewer", ["training"]),
    ("omar", "reviewer", ["other"]),
    ("paul", "publisher", ["training"]),
    ("anna", "admin", ["training", "other"]),
    ("nora", "reviewer", []),
]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]
    json: Any


def accounts() -> list[dict[str, Any]]:
    """The reviewers; one round of hashing, since nothing is protected here."""
    hashed = hash_password(PASSWORD, iterations=1)
    return [
        {"id": id_, "password_hash": hashed, "role": role, "missions": theirs}
        for id_, role, theirs in ACCOUNTS
    ]


def datasette_of(instance: Path) -> Datasette:
    """As ``datasette_command`` would start it."""
    names = missions(instance)
    return Datasette(
        [str(path) for name in names for path in paths_of(instance / "projections", name)],
        config=config_of(accounts(), names),
        metadata=metadata_of(names),
        template_dir=str(files("review") / "templates"),
        internal=str(instance / "internal.db"),
        secret="fictional",
        default_deny=True,
    )


class Headquarters:
    """Asks one Datasette for pages; each call runs on its own, and ``close`` releases all."""

    def __init__(self, instance: Path) -> None:
        self.datasette = datasette_of(instance)
        self._runner = asyncio.Runner()
        self.run(self.datasette.invoke_startup)
        self.run(self._open_all)

    async def _open_all(self) -> None:
        """Let each thread of the pool open each database now, and not during some test."""
        threads = self.datasette.setting("num_sql_threads")
        for database in [
            *self.datasette.databases.values(),
            self.datasette.get_internal_database(),
        ]:
            together = threading.Barrier(threads)
            await asyncio.gather(
                *(
                    database.execute_fn(lambda _conn, meet=together: meet.wait(30))
                    for _ in range(threads)
                )
            )

    def run(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Run a coroutine function on the loop that this Datasette lives on."""

        async def awaited() -> Any:
            return await call()

        return self._runner.run(awaited())

    def close(self) -> None:
        """Close the databases and the loop."""
        self.datasette.close()
        self._runner.close()

    def get(self, path: str, who: str | None = None, **headers: str) -> Answer:
        """A page as a signed-in person, or as nobody."""
        cookies = {"ds_actor": self.datasette.sign({"a": {"id": who}}, "actor")} if who else {}

        async def ask() -> Any:
            return await self.datasette.client.get(
                path, cookies=cookies, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )

        return _answer(self.run(ask))

    def post(self, path: str, data: dict[str, str], **headers: str) -> Answer:
        """A form sent by nobody."""

        async def ask() -> Any:
            return await self.datasette.client.post(path, data=data, headers=headers)

        return _answer(self.run(ask))


def _answer(response: Any) -> Answer:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return Answer(
        response.status_code,
        response.text,
        dict(response.headers),
        response.json() if is_json else None,
    )
