"""The pieces of a report in HTML: figures with their tables, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape as escape_html

from qa.evaluation.confidence import Estimate

_LONG = 25  # rows of a table that is shown whole; a longer one is opened by its reader

Cell = str | tuple[str, str]  # a text, or a text with its language


@dataclass(frozen=True, slots=True)
class Language:
    """What a report says, by its English; nothing to look up for English itself."""

    code: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)
    decimal_mark: str = "."

    def say(self, text: str) -> str:
        """A sentence of the report, or one of its names, in this language."""
        return self.words[text] if self.words else text

    def name(self, text: str) -> str:
        """What a test set calls a kind of question; one that is not known stays as it is."""
        return self.words.get(text, text)

    def number(self, value: float, form: str = ".1f") -> str:
        """A number with its decimals."""
        return format(value, form).replace(".", self.decimal_mark)

    def estimate(self, estimate: Estimate, form: str = ".1f") -> str:
        """A value x 100 with its interval."""
        if estimate.value is None:
            return self.say("no value")
        value = self.number(100 * estimate.value, form)
        if estimate.ci95 is None:
            return value
        low, high = (self.number(100 * end, form) for end in estimate.ci95)
        between = ", " if self.decimal_mark == "." else " ; "
        return f"{value} [{low}{between}{high}]"

    def p_value(self, value: float) -> str:
        """Four digits, or that it is smaller."""
        return self.number(value, ".4f") if value >= 0.0001 else f"< {self.number(0.0001, '.4f')}"


ENGLISH = Language()


def escape(text: str) -> str:
    """Text that a browser shows and never runs; a lone surrogate, which UTF-8 lacks, is "?"."""
    return escape_html(text.encode("utf-8", "replace").decode("utf-8"))


def heading(language: Language, form: str, name: str) -> str:
    """The title of an evaluation."""
    return f"<h2>{escape(language.say(form).format(name=name))}</h2>"


def about(language: Language, form: str, index: Mapping[str, object], **values: object) -> str:
    """What was measured, in a sentence; the index says its documents and its model."""
    embedder = index["embedder"]
    model = embedder["name"] if isinstance(embedder, Mapping) else ""
    told = language.say(form).format(documents=index["documents"], model=model, **values)
    return f"<p>{escape(told)}</p>"


def figure(
    language: Language,
    title: str,
    svg: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    note: str = "",
) -> str:
    """A plot under its title, then the table of its values, which says the same."""
    told = f"<p>{escape(note)}</p>" if note else ""
    body = table(language.say("{title}: values").format(title=title), header, rows)
    return f"<h3>{escape(title)}</h3>\n<figure>\n{svg}\n</figure>\n{told}\n{body}"


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table with its caption; a long one is closed until it is wanted."""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "\n".join(
        "<tr>"
        + "".join(
            _cell(cell, 'th scope="row"' if place == 0 else "td") for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    # A table that is too wide scrolls, by keyboard too.
    whole = (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}">\n'
        f"<table>\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )
    return whole if len(rows) <= _LONG else folded(f"{caption} ({len(rows)})", whole)


def folded(title: str, content: str) -> str:
    """What is opened by its title."""
    return f"<details>\n<summary>{escape(title)}</summary>\n{content}\n</details>"


def _cell(cell: Cell, tag: str) -> str:
    text, language = cell if isinstance(cell, tuple) else (cell, "")
    lang = f' lang="{language}"' if language else ""
    return f"<{tag}{lang}>{escape(text)}</{tag.split()[0]}>"
