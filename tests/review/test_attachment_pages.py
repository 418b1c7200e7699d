"""What readers see of files: which are here, which are waited for, and who may open them."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from headquarters import Headquarters
from reading_records import entry, opened
from uuid6 import uuid7

from sync.blobs import BlobStore

PAPER = b"%PDF-1.7\n<script>fictional</script>"
PHOTO = b"\xff\xd8\xff fictional, and never sent"


@dataclass
class Filled:
    """A mission with files, one of which has come."""

    hq: Headquarters
    observation: str = ""
    entry: str = field(default_factory=lambda: str(uuid7()))
    paper: str = ""
    photo: str = ""
    gone: str = ""
    odd: str = ""

    @property
    def page(self) -> str:
        """Where the observation is read."""
        return f"/-/missions/training/observations/{self.observation}"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    instance = tmp_path_factory.mktemp("hub")
    made = fill(instance)
    yield made
    made.hq.close()


def fill(instance: Path) -> Filled:
    log_entry = str(uuid7())
    with opened(instance, "training") as mission:
        device = mission.device("OBS-1")
        case = mission.write(device, "case", {"title": "Case (fictional)"})
        zone = {"time_zone": "Europe/Berlin"}
        hearing = mission.write(device, "hearing", {"case": case, "date": "2026-03-02"} | zone)
        fields = {"case": case, "hearing": hearing, "observed_by": "OBS-1"}
        said = {f"log/{log_entry}": entry("09:30", "note", "Fictional words.")}
        observation = mission.write(device, "observation", fields | said)

        def attach(content: bytes, type_: str, **more: object) -> str:
            named = {"sha256": sha256(content), "size": len(content), "type": type_}
            return mission.write(
                device, "attachment", {"observation": observation, **named, **more}
            )

        paper = attach(PAPER, "application/pdf", entry=log_entry)
        photo = attach(
            PHOTO,
            "image/jpeg",
            derived=True,
            original_sha256="a" * 64,
            original_size=9,
            taken_at="2026-03-02T09:31:07",
        )
        gone = attach(PAPER, "application/pdf", withdrawn={"reason": "taken back"})
        odd = attach(PAPER, "text/html", sha256="../../../secret", size="many")
    with opened(instance, "other"):
        pass
    BlobStore(instance / "blobs" / "training").add(io.BytesIO(PAPER))
    return Filled(Headquarters(instance), observation, log_entry, paper, photo, gone, odd)


def test_the_page_says_which_files_are_here_and_which_are_waited_for(filled: Filled) -> None:
    shown = filled.hq.get(f"{filled.page}.json", "vera").json["attachments"]
    by_id = {one["id"]: one for one in shown}
    assert set(by_id) == {filled.paper, filled.photo, filled.odd}
    assert by_id[filled.paper]["url"] == f"/-/missions/training/attachments/{filled.paper}"
    assert by_id[filled.paper]["entry"] == filled.entry
    assert by_id[filled.photo]["url"] is None
    assert by_id[filled.photo]["original_sha256"] == "a" * 64
    text = filled.hq.get(filled.page, "vera").text
    assert text.count("waiting for the file") == 2
    assert f'href="#entry-{filled.entry}"' in text
    assert "2026-03-02T09:31:07" in text


def test_the_start_page_counts_the_files_that_are_waited_for(filled: Filled) -> None:
    page = filled.hq.get("/-/missions/training.json", "vera").json
    assert page["totals"]["files_waited_for"] == 2
    assert "files waited for" in filled.hq.get("/-/missions/training", "vera").text


def test_a_reader_gets_the_bytes_and_no_browser_runs_them(filled: Filled) -> None:
    got = filled.hq.get(f"/-/missions/training/attachments/{filled.paper}", "vera")
    assert (got.status, got.text.encode()) == (200, PAPER)
    assert got.headers["content-type"] == "application/octet-stream"
    named = f'attachment; filename="{sha256(PAPER)[:12]}.pdf"'
    assert got.headers["content-disposition"] == named
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in got.headers["cache-control"]
    assert got.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize("who", [None, "omar", "paul", "anna", "nora"])
def test_who_may_not_read_the_observation_gets_no_file(filled: Filled, who: str | None) -> None:
    for id_ in (filled.paper, filled.photo, str(uuid7())):
        got = filled.hq.get(f"/-/missions/training/attachments/{id_}", who)
        assert got.status == 403
        assert "fictional" not in got.text


@pytest.mark.parametrize("which", ["photo", "gone", "odd", "nobody"])
def test_what_is_not_here_is_not_found(filled: Filled, which: str) -> None:
    id_ = getattr(filled, which, str(uuid7()))
    got = filled.hq.get(f"/-/missions/training/attachments/{id_}", "vera")
    assert got.status == 404


def test_a_file_is_not_found_through_another_mission(filled: Filled) -> None:
    assert filled.hq.get(f"/-/missions/other/attachments/{filled.paper}", "omar").status == 404


def test_the_table_tells_facts_of_files(filled: Filled) -> None:
    url = "/training/attachments.json?_shape=array&_sort=added_at"
    rows = filled.hq.get(url, "vera").json
    assert {row["id"] for row in rows} == {filled.paper, filled.photo, filled.gone, filled.odd}
    (odd,) = [row for row in rows if row["id"] == filled.odd]
    assert odd["size"] is None
    assert filled.hq.get(url, "omar").status == 403
