"""Says what bytes that are no recording look like, so that a person sees which file went astray."""

from __future__ import annotations

from typing import Final

from data_contracts.errors import WatchworthyError

MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"BZh", "bzip2 data; unpack it first"),
    (b"\xfd7zXZ", "xz data; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
    (b"\x7fELF", "a program"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
)
HTML_MARKS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--")
SAMPLE: Final = 4_096


def looks_like(data: bytes) -> WatchworthyError:
    """The error for bytes that begin neither with JSON nor with compressed data.

    >>> print(looks_like(b"<!DOCTYPE html><title>Sign in</title>"))
    input_html: The input is a web page, not a recording; often a sign-in page saved by mistake. (byte 0)
    """
    head = data[:SAMPLE].lstrip()
    if head.lower().startswith(HTML_MARKS) or b"<html" in head.lower():
        message = "The input is a web page, not a recording; often a sign-in page saved by mistake."
        return WatchworthyError("input_html", message, "byte 0")
    return WatchworthyError(
        "input_not_recording", f"The input is not a session recording; it looks like {_name(head)}.", "byte 0"
    )


def _name(head: bytes) -> str:
    for magic, name in MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "an MP4 video"
    if head.startswith(b"<"):
        return "XML"
    try:
        text = (
            head.decode("utf-8", "strict") if len(head) < SAMPLE - 4 else head[:-4].decode("utf-8", "ignore")
        )
    except UnicodeDecodeError:
        return "binary data of no kind that we know"
    if not text.isprintable() and any(ord(c) < 32 and c not in "\t\n\r" for c in text):
        return "binary data of no kind that we know"
    first = text.partition("\n")[0]
    if first.count(",") >= 2 or first.count("\t") >= 2:
        return "a table (CSV or TSV)"
    return "plain text"
