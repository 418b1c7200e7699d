"""From a file chosen in the app to headquarters' folder: real app, real files, real ingest."""

import hashlib
import io
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from uuid6 import uuid7

from observer.app import create_app
from observer.attachments import attachments
from observer.profile import Home, enrol
from observer.sending import send_and_receive
from observer.workspace import Workspace
from review.hub import Hub
from sync.errors import NotReached
from sync.files import FileSender, Shelf
from sync.http import HttpTransport
from sync.session import Session
from tests.review.hub_process import MISSION, Process, new_hub

GPS, EXIF = 0x8825, 0x8769


@dataclass
class Laptop:
    """An enrolled laptop's app, asked in this process, and its headquarters."""

    home: Home
    app: Flask
    hub: Hub
    process: Process
    observation: str

    @property
    def space(self) -> Workspace:
        """The app's workspace."""
        found: Workspace = self.app.extensions["workspace"]
        return found

    @property
    def shelf(self) -> Shelf:
        """Its files."""
        return Shelf(self.home.folder)

    @property
    def form(self) -> str:
        """The page with the files."""
        return f"/observations/{self.observation}/attachments"

    def add(self, *contents: bytes, entry: str = "") -> Any:
        """Choose files and press the button."""
        files = [(io.BytesIO(content), "Fictional Name.exe") for content in contents]
        client = self.app.test_client()
        return client.post(f"{self.form}?entry={entry}", data={"file": files})

    def page(self) -> str:
        """What the page says."""
        return self.app.test_client().get(self.form).text

    def states(self) -> list[str]:
        """Where each file is."""
        return [one.state for one in attachments(self.space, self.shelf, self.observation)]

    def submit(self) -> None:
        """Submit the observation."""
        answer = self.app.test_client().post(
            f"/observations/{self.observation}/submit", data={"reason_for_all": "fictional"}
        )
        assert answer.status_code == 200

    def arrived(self, sha256: str) -> Path:
        """Where headquarters has a file."""
        return self.hub.instance / "blobs" / MISSION / sha256[:2] / sha256


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    """One with an observation begun."""
    hub = new_hub(tmp_path / "hub")
    process = Process(hub.instance)
    process.start("--no-projecting")
    home = Home(tmp_path / "laptop")
    enrol(home, hub.invite(MISSION, "OBS-1", "observer", 600, process.address))
    app = create_app(home, {"WTF_CSRF_ENABLED": False, "TESTING": True})
    app.test_client().get("/")
    space: Workspace = app.extensions["workspace"]
    case = space.create("case", {"title": "Case (fictional)"})
    hearing = space.create(
        "hearing", {"case": case, "date": "2026-03-02", "time_zone": "Europe/Berlin"}
    )
    fields = {"case": case, "hearing": hearing, "mode": "full", "observed_by": "OBS-1"}
    observation = space.create("observation", {**fields, "attendance": {"value": "observed"}})
    yield Laptop(home, app, hub, process, observation)
    space.close()
    process.stop()
    hub.close()


def photo(size: tuple[int, int] = (3000, 2000), **more: Any) -> bytes:
    """A photo that tells where and when it was taken, upside down, with a thumbnail's comment."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned
    exif[0x010F] = "Fictional Camera"
    exif.get_ifd(EXIF)[0x9003] = "2026:03:02 09:31:07"
    exif.get_ifd(EXIF)[0x9011] = "+01:00"
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    made = io.BytesIO()
    image.save(made, "JPEG", exif=exif, comment=b"fictional comment", **more)
    return made.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pdf(size: int = 2000) -> bytes:
    return (b"%PDF-1.7\n%" + uuid7().bytes.hex().encode()).ljust(size, b".")


def test_of_a_photo_a_clean_copy_goes_and_the_original_stays(laptop: Laptop) -> None:
    original = photo()
    assert laptop.add(original).status_code == 302
    (one,) = attachments(laptop.space, laptop.shelf, laptop.observation)
    values = one.record.values
    assert laptop.shelf.originals.path(digest(original)).read_bytes() == original
    assert (values["original_sha256"], values["original_size"]) == (digest(original), len(original))
    assert (values["type"], values["derived"]) == ("image/jpeg", True)
    assert values["taken_at"] == "2026-03-02T09:31:07+01:00"
    assert "name" not in str(values).lower()
    assert laptop.states() == ["unsent"]
    assert "Only here" in laptop.page()
    laptop.submit()
    assert laptop.states() == ["here"]
    send_and_receive(laptop.space)
    assert laptop.states() == ["received"]
    assert "At headquarters" in laptop.page()
    sent = laptop.arrived(str(values["sha256"])).read_bytes()
    assert len(sent) == values["size"]
    for told in (b"Exif", b"GPS", b"Fictional", b"fictional", b"2026", b"http"):
        assert told in original or told in (b"GPS", b"http")
        assert told not in sent
    with Image.open(io.BytesIO(sent)) as image:
        assert not image.getexif()
        assert not {"exif", "xmp", "comment", "icc_profile"} & set(image.info)
        assert image.size == (1707, 2560)  # upright
    assert not laptop.arrived(digest(original)).exists()


def test_sound_and_documents_go_as_they_are_with_their_log_entry(laptop: Laptop) -> None:
    entry = str(uuid7())
    laptop.space.edit(
        "observation",
        laptop.observation,
        {f"log/{entry}": {"kind": "note", "text": "(fictional)", "at": "2026-03-02T09:30:00Z"}},
    )
    sound, paper = b"ID3\x04" + bytes(3000), pdf()
    assert laptop.add(sound, paper, entry=entry).status_code == 302
    found = attachments(laptop.space, laptop.shelf, laptop.observation)
    assert [one.record.values["type"] for one in found] == ["audio/mpeg", "application/pdf"]
    assert {one.record.values["entry"] for one in found} == {entry}
    assert {one.record.values["derived"] for one in found} == {False}
    assert f"#entry-{entry}" in laptop.page()
    laptop.submit()
    send_and_receive(laptop.space)
    assert laptop.arrived(digest(sound)).read_bytes() == sound
    assert laptop.arrived(digest(paper)).read_bytes() == paper


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not a photo",
        b"\x00\x00\x00\x18ftypheic" + bytes(60),
        photo((64, 64))[:900],
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\x02\0\0\0" + bytes(60),
    ],
    ids=["empty", "html", "heic", "cut off", "bomb"],
)
def test_what_is_not_taken_leaves_nothing_and_stops_no_other(
    laptop: Laptop, content: bytes
) -> None:
    answer = laptop.add(content, pdf())
    assert answer.status_code == 415
    assert 'role="alert"' in answer.text
    assert laptop.states() == ["unsent"]
    whole = [path for path in laptop.home.folder.glob("*/??/*") if path.is_file()]
    assert len(whole) == 1
    assert not list(laptop.home.folder.glob("*/parts/*"))


def test_nothing_chosen_is_told(laptop: Laptop) -> None:
    assert "Choose a file first." in laptop.add().text


def test_what_is_taken_back_before_it_went_leaves_nothing(laptop: Laptop) -> None:
    laptop.add(photo((64, 64)))
    (one,) = attachments(laptop.space, laptop.shelf, laptop.observation)
    client = laptop.app.test_client()
    with client.get(f"{laptop.form}/{one.record.id}/file") as shown:
        assert shown.mimetype == "image/jpeg"
    client.post(f"{laptop.form}/{one.record.id}")
    assert laptop.states() == []
    assert not [path for path in laptop.home.folder.glob("*/??/*") if path.is_file()]
    assert client.get(f"{laptop.form}/{one.record.id}/file").status_code == 404


def test_what_was_taken_back_after_its_record_went_is_not_sent(laptop: Laptop) -> None:
    paper = pdf()
    laptop.add(paper)
    laptop.submit()
    (one,) = attachments(laptop.space, laptop.shelf, laptop.observation)
    laptop.app.test_client().post(f"{laptop.form}/{one.record.id}")
    laptop.submit()
    send_and_receive(laptop.space)
    assert not laptop.arrived(digest(paper)).exists()


def test_a_document_is_given_back_as_bytes_only(laptop: Laptop) -> None:
    paper = pdf()
    laptop.add(paper)
    (one,) = attachments(laptop.space, laptop.shelf, laptop.observation)
    got = laptop.app.test_client().get(f"{laptop.form}/{one.record.id}/file")
    assert (got.data, got.mimetype) == (paper, "application/octet-stream")
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    got.close()


def test_more_files_than_go_at_once_are_counted_and_go_on(laptop: Laptop) -> None:
    for _ in range(3):
        laptop.add(pdf())
    laptop.submit()
    send_and_receive(laptop.space, file_seconds=0)
    assert laptop.states() == ["here"] * 3
    client = laptop.app.test_client()
    assert "3 files wait to be sent" in client.get("/").text
    assert "Send to headquarters" in laptop.page()
    assert client.post("/sync").status_code == 302
    assert laptop.states() == ["received"] * 3
    assert "wait to be sent" not in client.get("/").text


class Tunnel(HttpTransport):
    """A real connection that is lost after so many chunks."""

    chunks = 1

    def patch(self, call: str, body: bytes, offset: int) -> dict[str, str]:
        """Send, or be lost."""
        if self.chunks == 0:
            raise NotReached("Lost (fictional).")
        self.chunks -= 1
        return super().patch(call, body, offset)


def session(laptop: Laptop, transport: HttpTransport, **more: Any) -> Session:
    space = laptop.space
    sender = FileSender(space.log, laptop.shelf, chunk=40_000, **more)
    return Session(space.log, transport, space.signer, files=sender)


def test_cut_ten_times_it_goes_on_and_says_how_far_it_is(laptop: Laptop) -> None:
    paper = pdf(440_000)
    laptop.add(paper)
    laptop.submit()
    seen = [0]
    for cut in range(1, 11):
        transport = Tunnel(laptop.process.address)
        with pytest.raises(NotReached):
            session(laptop, transport).run()
        transport.close()
        (one,) = attachments(laptop.space, laptop.shelf, laptop.observation)
        assert one.state == "sending"
        # A lost connection makes the pieces smaller; what is there stays there.
        assert one.percent >= seen[-1]
        seen.append(one.percent)
        if cut == 5:
            laptop.process.stop(signal.SIGKILL)
            laptop.process.start("--no-projecting")
    assert 0 < seen[-1] < 100
    assert f"Being sent: {seen[-1]} %" in laptop.page()
    send_and_receive(laptop.space)
    assert laptop.arrived(digest(paper)).read_bytes() == paper


def test_text_written_meanwhile_goes_between_two_pieces(laptop: Laptop) -> None:
    laptop.add(pdf(300_000))
    laptop.submit()
    transport, told = HttpTransport(laptop.process.address), []

    class Writing(FileSender):
        def _send_piece(self, *args: Any) -> int:
            if not told:
                record = laptop.space.create("case", {"title": "Meanwhile (fictional)"})
                laptop.space.send([laptop.space.get("case", record)])
            return super()._send_piece(*args)

    sender = Writing(
        laptop.space.log, laptop.shelf, chunk=50_000, text=lambda _: told.append(laptop.states())
    )
    Session(laptop.space.log, transport, laptop.space.signer, files=sender).run()
    transport.close()
    assert told[0] == ["sending"]
    assert laptop.states() == ["received"]


def test_a_bad_file_is_remembered_and_stops_neither_others_nor_text(laptop: Laptop) -> None:
    bad, good = pdf(), pdf()
    laptop.add(bad)
    laptop.add(good)
    path = laptop.shelf.blobs.path(digest(bad))
    path.write_bytes(bad[:-1] + b"!")
    laptop.submit()
    send_and_receive(laptop.space)
    assert laptop.states() == ["refused", "received"]
    assert "Refused:" in laptop.page()
    assert laptop.space.log.count_unreceived() == 0
    assert laptop.shelf.state(digest(bad)).code == "bad_blob"


def test_what_headquarters_refuses_is_shown_with_why(laptop: Laptop) -> None:
    page = b"<html>" + uuid7().bytes.hex().encode()
    sha256, size = laptop.shelf.blobs.add(io.BytesIO(page))
    laptop.space.create(
        "attachment",
        {"observation": laptop.observation, "sha256": sha256, "size": size, "type": "image/png"},
    )
    good = pdf()
    laptop.add(good)
    laptop.submit()
    send_and_receive(laptop.space)
    assert laptop.states() == ["refused", "received"]
    assert laptop.shelf.state(sha256).code == "wrong_blob_type"
    assert "Not taken: only JPEG" in laptop.page()


def test_another_device_of_the_author_says_so_and_can_fetch_it(
    laptop: Laptop, tmp_path: Path
) -> None:
    paper = pdf(200_000)
    laptop.add(paper)
    laptop.submit()
    send_and_receive(laptop.space)
    home = Home(tmp_path / "second")
    enrol(home, laptop.hub.invite(MISSION, "OBS-1", "observer", 600, laptop.process.address))
    second, shelf = Workspace(home), Shelf(home.folder)
    try:
        send_and_receive(second)
        (one,) = attachments(second, shelf, laptop.observation)
        assert (one.state, one.here) == ("elsewhere", False)
        transport = HttpTransport(laptop.process.address)
        sender = FileSender(second.log, shelf)
        Session(second.log, transport, second.signer).sign_in()
        shelf.blobs.append(digest(paper), 0, paper[:70_000])
        transport.token = ""
        talk = Session(second.log, transport, second.signer)
        talk.sign_in()
        assert sender.fetch(transport, digest(paper)).read_bytes() == paper
        transport.close()
    finally:
        second.close()
