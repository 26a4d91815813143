"""Formats of older programs (.doc, .ppt), by LibreOffice where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache

from qa.reading.blocks import Content, UnreadableError
from qa.reading.docx import read_docx
from qa.reading.office import OLD_OFFICE
from qa.reading.slides import read_slides

_SECONDS = 60
# LibreOffice would fetch the pictures that a file only names, from any address or folder: it is
# told not to, and what it asks of the network all the same ends at a proxy that is none.
_SETTINGS = """<?xml version="1.0"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks"><value>true</value></prop>
<prop oor:name="DisableMacrosExecution"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings">
<prop oor:name="ooInetProxyType"><value>2</value></prop>
<prop oor:name="ooInetHTTPProxyName"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPProxyPort"><value>9</value></prop>
<prop oor:name="ooInetHTTPSProxyName"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPSProxyPort"><value>9</value></prop></item>
</oor:items>"""
# The file comes in on standard input, for the reader's process may write none itself; its limits
# of memory and files are lifted for LibreOffice, which has a folder of its own.
_CONVERT = """
ulimit -S -f unlimited; ulimit -S -v unlimited; ulimit -S -t %d
d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT && cd "$d" && cat > "a.$1" && mkdir -p p/user \\
  && printf %%s "$4" > p/user/registrymodifications.xcu && HOME="$d" "$3" --headless \\
  --norestore -env:UserInstallation="file://$d/p" --convert-to "$2" "a.$1" >&2 && cat "a.$2"
"""


@lru_cache(maxsize=1)
def has_office() -> bool:
    """Whether LibreOffice is installed."""
    return _program() is not None


def _program() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")


def read_doc(data: bytes, name: str) -> Content:
    """Read a Word file of before 2007."""
    if data.startswith((b"PK", b"{\\rtf")):  # a newer file under an older name
        from qa.reading.markup import read_rtf

        return read_docx(data, name) if data.startswith(b"PK") else read_rtf(data, name)
    if b"<html" in data[:1000].lower():  # a page, which many sites give under this name
        from qa.reading.html import read_html

        return read_html(data, name)
    return _converted(data, name, "doc", "docx", read_docx)


def read_ppt(data: bytes, name: str) -> Content:
    """Read a PowerPoint file of before 2007."""
    return _converted(data, name, "ppt", "pptx", read_slides)


def _converted(
    data: bytes, name: str, old: str, new: str, reader: Callable[[bytes, str], Content]
) -> Content:
    if not data.startswith(OLD_OFFICE):  # LibreOffice would read whatever else it knows
        raise UnreadableError("another_kind", f"a binary .{old} file", f"un fichier .{old} binaire")
    program = _program()
    if program is None:
        raise UnreadableError("needs_office", f".{new}")
    try:
        done = subprocess.run(  # noqa: S603 (the user's own LibreOffice)
            ["/bin/sh", "-c", _CONVERT % _SECONDS, "sh", old, new, program, _SETTINGS],
            input=data,
            capture_output=True,
            timeout=2 * _SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise UnreadableError("office_failed") from error
    return reader(done.stdout, name)
