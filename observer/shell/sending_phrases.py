"""Words that the client's program needs for files, for sending, and for what is carried by hand."""

from flask_babel import gettext as _

from observer.views.words import record_kinds


def sending_phrases() -> dict[str, str]:
    """By name; ``{name}`` is a place that the program fills."""
    return {
        **_states(),
        **_headquarters(),
        **_came_in(),
        **_files(),
        **_errors(),
        **_phone(),
    }


def _states() -> dict[str, str]:
    return {
        "state.draft": _("Draft here only"),
        "state.waiting": _("Saved and signed here, waits to be sent"),
        "state.sent": _("Lies with the relay, not known to be at headquarters yet"),
        "state.stored": _("Received at headquarters"),
        "state.backed_up": _("Received at headquarters and backed up"),
        "state.refused": _("Refused by headquarters, kept here: {why}"),
        "state.quarantined": _("Kept apart by headquarters, does not count there: {why}"),
        "state.asked": _("Headquarters has a question"),
        "refusal.not_allowed": _("you may not write this record. Ask headquarters to assign you."),
        "refusal.unknown_field": _(
            "headquarters does not know one of its fields. Tell headquarters."
        ),
        "refusal.unknown_version": _("it was written by a later version. Tell headquarters."),
        "refusal.device_revoked": _("this phone was revoked. Call headquarters."),
        "refusal.fork": _("headquarters has another record under this number. Send again."),
        "since": _("here for {age}"),
    }


def _headquarters() -> dict[str, str]:
    return {
        "name.case": _("Case {title}"),
        "name.hearing": _("Hearing of {day}, {case}"),
        "name.observation": _("My observation: {hearing}"),
        "has_all": _("Headquarters has everything that you wrote here."),
        "signed_out": _(
            "This phone is signed out: headquarters does not let it in ({code}). You can go on "
            "writing, and everything is saved here. Ask headquarters to let it in again."
        ),
        "last_good": _("Last time it worked: {time}, {age} ago."),
        "never_good": _("It has not worked from this phone yet."),
        "drafts": _(
            "{count} records are not sent in their latest state. An observation goes when you "
            "submit it, with its case, hearing and persons; or now, as it is."
        ),
        "drafts_one": _(
            "One record is not sent in its latest state. An observation goes when you submit it, "
            "with its case, hearing and persons; or now, as it is."
        ),
        "there": _("{count} records are at headquarters"),
        "there_one": _("One record is at headquarters"),
        "talking": _("Talking with headquarters …"),
        "sending_text": _("Sent {done} of {total}"),
        "sending_file": _("All text is there. Sending a file: {percent} %"),
        "files_waiting": _("{count} files wait to be sent."),
        "files_waiting_one": _("One file waits to be sent."),
        "file_refused": _("A file was refused: {why}"),
    }


def _came_in() -> dict[str, str]:
    return {
        **{f"kinds.{kind}": words for kind, words in record_kinds().items()},
        "sent_count": _("Sent: {sent} new, {known} known already."),
        "carried": _("{count} carried by the relay."),
        "came_in": _("Came in, {kind}: {count}"),
        "nothing_new": _("Nothing new came in."),
        "forgotten": _("{count} records are no longer yours to see."),
        "forgotten_one": _("One record is no longer yours to see."),
        "unread": _("Something that came in could not be read. Take the new version of this app."),
        "new_epoch": _("Headquarters was restored from a backup; what it lacked was sent again."),
        "renewed": _("This phone goes on as a new device; what was not taken is drafted again."),
    }


def _files() -> dict[str, str]:
    return {
        "file.image": _("Photo"),
        "file.audio": _("Sound"),
        "file.document": _("Document"),
        "file_state.unsent": _("Only here; goes with the record when it is submitted."),
        "file_state.here": _("Only here; goes after all text."),
        "file_state.sending": _("Being sent: {percent} %"),
        "file_state.received": _("At headquarters"),
        "file_state.refused": _("Refused:"),
        "file_state.elsewhere": _("On another device of yours."),
        "load": _(
            "Not at headquarters: changes {changes}, files {files} ({size}), drafts {drafts}."
        ),
        "making": _("Making the file: {percent} %"),
        "file_saved": _(
            "Saved as {name}, among the downloads of this phone. Delete it there once it was "
            "handed over."
        ),
    }


def _errors() -> dict[str, str]:
    return {
        "error.wrong_blob_type": _(
            "Not taken: only JPEG, PNG or WebP photos, PDF, and M4A, MP3, Ogg, WebM or WAV sound "
            "that is not damaged. Set a phone that makes HEIC photos to JPEG."
        ),
        "error.blob_too_large": _("Not taken: the file is empty or larger than 50 MB."),
        "error.too_many_pixels": _("Not taken: the photo has too many pixels."),
        "error.over_quota": _("Headquarters has no room left for your files. Tell it."),
        "error.no_microphone": _(
            "The microphone may not be used. Allow it in the browser’s settings for this page."
        ),
        "error.read_only": _("Another window of this app is writing. Here you can only read."),
        "error.not_yours": _("This is another observer's record. Make your own observation."),
        "error.no_such_file": _("This file is not on this phone, or it cannot be opened."),
        "error.sync_running": _("Another window is sending already. It will finish by itself."),
    }


def _phone() -> dict[str, str]:
    return {
        "space": _("{usage} of {quota} are used."),
        "space_unknown": _("This browser does not say how much room there is."),
        "originals": _("Originals of photos, only on this phone: {count} ({size})."),
        "unreadable": _(
            "{count} things stored here cannot be read. They are kept; tell headquarters, and "
            "delete nothing."
        ),
    }
