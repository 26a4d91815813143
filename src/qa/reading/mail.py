"""Messages (.eml) and mailboxes (.mbox): subject, sender, date and text; attachments are told."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from typing import Any, BinaryIO, cast

from qa.reading.blocks import Block, Content, UnreadableError, document_or_reason
from qa.reading.cleaning import clean_line
from qa.reading.encoding import decode
from qa.reading.limits import LARGEST_FILE
from qa.reading.plain import readable_name, split_blocks
from qa.reading.reasons import skipped
from qa.reading.settings import ReadingSettings
from qa.reading.structure import html_blocks
from qa.records import Document, Skipped

_NAMED, _LONGEST_NAME = 20, 100  # attachments that are told by name, and characters of it
_LONGEST_HEADER = 5000


class _Policy(email.policy.EmailPolicy):
    """Reads the beginning of a header alone: of a long one, Python makes gigabytes of objects."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:_LONGEST_HEADER])


def read_message(data: bytes, name: str) -> Content:
    """Read one message; its title is its subject."""
    message = cast(EmailMessage, email.message_from_bytes(data, policy=_Policy()))
    if not any(message.get(field) for field in ("from", "subject", "date", "to")):
        raise UnreadableError("another_kind", "a message", "un message")
    title = clean_line(str(message.get("subject") or ""))
    bodies = [body for kind in ("plain", "html") if (body := message.get_body((kind,)))]
    blocks = next((found for body in bodies if (found := _blocks(body))), [])
    metadata = {"author": clean_line(str(message.get("from") or ""))}
    date = getattr(message.get("date"), "datetime", None)
    if date is not None:
        metadata["date"] = date.date().isoformat()
    files = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    named = [clean_line(file)[:_LONGEST_NAME] for file in files[:_NAMED]]
    more = ", …" if len(files) > _NAMED else ""
    told = ("attachments", str(len(files)), ", ".join(named) + more)
    if title:
        blocks = [Block(title, 1), *blocks]
    facts = {key: text for key, text in metadata.items() if text}
    return Content(title or readable_name(name), blocks, facts, (told,) if files else ())


def _blocks(body: MIMEPart) -> list[Block]:
    data = cast(bytes, body.get_payload(decode=True) or b"")
    charset = body.get_content_charset() or ""
    try:
        text = data.decode(charset) if charset and charset != "us-ascii" else decode(data)
    except (LookupError, UnicodeDecodeError):
        text = decode(data)
    return html_blocks(text) if body.get_content_subtype() == "html" else split_blocks(text)


def read_mailbox(
    stream: BinaryIO, name: str, _settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield the messages of a mailbox: "courrier.mbox:3"."""
    number = 0
    for number, data in enumerate(_messages(stream), start=1):
        place = f"{name}:{number}"
        if len(data) > LARGEST_FILE:
            yield place, skipped(place, "too_large", f"{len(data) / 1e6:.1f}", 20, "")
            continue
        try:
            content = read_message(data, name)
        except UnreadableError as error:
            yield place, skipped(place, error.code, *error.figures)
            continue
        yield place, document_or_reason(place, place, content)
        for part in content.left_out:
            yield place, skipped(place, *part)
    if not number:
        yield name, skipped(name, "no_document")


def _messages(stream: BinaryIO) -> Iterator[bytes]:
    """Messages begin at lines "From …" after an empty line; ">From" inside one is "From"."""
    lines: list[bytes] = []
    size, empty, begun = 0, True, False
    for line in stream:
        if empty and line.startswith(b"From "):
            if begun:
                yield b"".join(lines)
            lines, size, begun = [], 0, True
            continue
        empty = not line.strip()
        size += len(line)
        if begun and size <= 2 * LARGEST_FILE:
            lines.append(line[1:] if line.startswith(b">From ") else line)
    if begun:
        yield b"".join(lines)
