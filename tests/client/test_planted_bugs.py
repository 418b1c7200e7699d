"""The client's tests bite: each bug that is planted into its sync makes them fail."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from scripts.client import node

CLIENT: Final = Path(__file__).resolve().parents[2] / "observer" / "client"
LIMIT: Final = 120  # seconds
# What the bug is, the file of src/sync/, what stands there, what stands there instead.
PLANTED: Final = (
    ("a relay's sheet counts as the hub's", "trust.js", "fromHub: false };", "fromHub: true };"),
    (
        "a verdict is not taken over",
        "receipts.js",
        "if (log.entry(hash)?.row.state !== state) log.alter(hash, { state, code });",
        "",
    ),
    ("nothing is forgotten", "pull.js", "if (log.forget(String(record)))", "if (false)"),
    (
        "cursor before page",
        "pull.js",
        "    await log.transaction(() => keepPage(log, answer, now, found));",
        "    await log.transaction(() => log.setMeta({ cursor: String(answer.cursor) }));\n"
        "    await log.transaction(() => keepPage(log, answer, now, found));",
    ),
    ("held is not doubted", "epochs.js", "      doubtHeld(log);\n", ""),
    (
        "not asked what is held",
        "session.js",
        "if (moved) await askWhatIsHeld(this.log, this.transport);",
        "",
    ),
    (
        "signatures not checked",
        "trust.js",
        "if (!here) await check(writer.public_key",
        "if (false) await check(writer.public_key",
    ),
    ("gap not filled", "push.js", 'stop.code === "gap" &&', 'stop.code === "gapp" &&'),
    (
        "not drafted again",
        "renewal.js",
        "if (log.get(name) === undefined) log.set(name, draft);",
        ";",
    ),
    (
        "ack by answer",
        "push.js",
        "    const known = new Set(answer.known ?? []);",
        "    const known = new Set(answer.known ?? []);\n"
        "    for (const { hash } of batch) this.log.alter(hash, { held: true });",
    ),
    ("never behind", "session.js", "return seq > 0 && this", "return false && this"),
    (
        "codes of pull ignored",
        "trust.js",
        "code: verdict ?? overstep(change, writer.role)",
        "code: overstep(change, writer.role)",
    ),
    ("nothing erased", "log.js", "      this.registry.erase();\n", ""),
    (
        "hub kinds from anybody",
        "trust.js",
        'return role !== RELAY && !HUB_KINDS.has(kind) && isReply ? null : "not_allowed";',
        "return null;",
    ),
    ("token outlives device", "session.js", '"new_epoch", "unknown_device"]', '"new_epoch"]'),
    (
        "envelopes not kept",
        "pull.js",
        'if ("envelope" in item) await keepEnvelope(log, item, now());',
        ";",
    ),
    ("former sheets not sent", "receipts.js", "    .slice(0, MOST_SHEETS)", "    .slice(0, 0)"),
    (
        "own record not offered",
        "session.js",
        "records = { records: this.#ownRecord(device) };",
        "records = { records: [] };",
    ),
    ("fork overwrites", "trust.js", "if (log.hashAt(change.device, change.seq)) {", "if (false) {"),
    (
        "forgets own words",
        "log.js",
        "filter((entry) => entry.row.held && entry.author !== author)",
        "filter((entry) => entry.row.held)",
    ),
    (
        "forgets what is not held",
        "log.js",
        "filter((entry) => entry.row.held && entry.author !== author)",
        "filter((entry) => entry.author !== author)",
    ),
    (
        "succession not verified",
        "epochs.js",
        'await check(formerKey, "epoch", wire.payload, wire.signature);',
        "",
    ),
    (
        "file sent from zero",
        "files.js",
        'let offset = Number((await transport.head(call)).get("Upload-Offset") ?? 0);',
        "let offset = 0;",
    ),
    (
        "no renewal on fork",
        "session.js",
        'found.stopped[device]?.code !== "fork" && !found.behind',
        "!found.behind",
    ),
)
IDS: Final = [name for name, *_ in PLANTED]


@pytest.mark.parametrize(("name", "file", "sound", "planted"), PLANTED, ids=IDS)
def test_a_bug_fits_where_it_is_planted(name: str, file: str, sound: str, planted: str) -> None:
    text = (CLIENT / "src" / "sync" / file).read_text(encoding="utf-8")
    assert text.count(sound) == 1, name


@pytest.mark.soak
@pytest.mark.parametrize(("name", "file", "sound", "planted"), PLANTED, ids=IDS)
def test_a_planted_bug_is_caught(
    name: str, file: str, sound: str, planted: str, tmp_path: Path
) -> None:
    copy = tmp_path / "client"
    for folder in ("src", "tests"):
        shutil.copytree(CLIENT / folder, copy / folder)
    shutil.copy(CLIENT / "package.json", copy)
    (copy / "node_modules").symlink_to(CLIENT / "node_modules")
    assert run(copy) == 0, "fails without a bug"
    path = copy / "src" / "sync" / file
    path.write_text(path.read_text(encoding="utf-8").replace(sound, planted), encoding="utf-8")
    assert run(copy) != 0, f"no test saw: {name}"


def run(client: Path) -> int:
    """The tests of the sync, in a copy."""
    tests = sorted(str(path) for path in (client / "tests").glob("sync_*.test.js"))
    done = subprocess.run(
        [node()[0], "--test", *tests], cwd=client, capture_output=True, timeout=LIMIT
    )
    return done.returncode
