"""The client's own tests, in Node: what needs no browser."""

import subprocess

import pytest

from scripts import client

FILES = sorted((client.SOURCE / "tests").glob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_clients_own_tests_pass(file: object) -> None:
    node = client.install()
    done = subprocess.run(
        [node, "--test", str(file)],
        cwd=client.SOURCE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "# tests 0" not in done.stdout
