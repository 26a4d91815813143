"""Markdown, in its dialects, by way of HTML: markup and comments go, every word stays."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qa.reading.blocks import Block, Content
from qa.reading.cleaning import clean_line, word_set
from qa.reading.encoding import decode_telling
from qa.reading.headings import is_credible_title, mark_headings
from qa.reading.lines import keeps_hyphen
from qa.reading.plain import readable_name
from qa.reading.record import FIELD_NAMES
from qa.reading.structure import BLOCK_TAGS, HIDDEN_TAGS, html_blocks

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# "---\ntitle: …\n---" at the very start, or "+++" for TOML.
_FRONT_MATTER = re.compile(
    r"\A\s*(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_FRONT_MATTER_FIELD = re.compile(r"^([A-Za-zÀ-ÿ_-]{1,40})[ \t]*[:=][ \t]*(.+)$", re.MULTILINE)
# "[^1]: Voir Broué." defines a footnote; "[^1]" calls it.
_FOOTNOTE = re.compile(r"^[ ]{0,3}\[\^([^\]\s]{1,40})\]:[ \t]*", re.MULTILINE)
_FOOTNOTE_CALL = re.compile(r"\[\^([^\]\s]{1,40})\]")
_FENCE = re.compile(r"[ ]{0,3}(?:>\s?)*(```|~~~)")
# Lines that only mark up: ":::" of containers, "{% hint %}", "{: .class }", "[TOC]", "$$ … %}".
_MARKUP_LINE = re.compile(
    r"\s*(?::{3,}.*|(?:\{%[^%]{0,200}%\}\s*)+|\{:[^}]{0,200}\}|\{\{<[^>]{0,200}>\}\}"
    r"|\[{1,2}_?toc_?\]{1,2}|\\newpage|\\pagebreak)\s*",
    re.IGNORECASE,
)
_TITLED_CONTAINER = re.compile(r"\s*:{3,}\s*\w[\w-]*\s+(\S.*?)\s*")
# In a paragraph: what is left of each is group 1, 2 or 3.
_DIALECT = re.compile(
    r"!?\[\[(?:[^\[\]|\n]{1,300}\|)?([^\[\]|\n]{1,300})\]\]"  # [[page|texte]]
    r"|==(?=\S)([^=\n]{1,500})(?<=\S)=="  # ==surligné==
    r"|\{\{[%<][^\n]{0,300}?[%>]\}\}"  # {{< figure >}}, {{% notice %}}
    r"|%%[^%]{0,2000}%%"  # %% commentaire %%
    r"|\{%[^%\n]{0,200}%\}|\{\{<[^>\n]{0,200}>\}\}"
    r"|[ ]?\{:?(?:[.#][\w-]|refdef|toc|:|[\w-]{1,30}=)[^{}\n]{0,200}\}"  # {: .x }, {#id}
    r"|[ ]\^[\w-]{1,40}$",  # ^renvoi
    re.MULTILINE,
)
_CALLOUT = re.compile(r"^\[![\w-]{1,30}\][+-]?[ ]*([^\n]*)\n?")  # [!warning] Titre
_CODE_SPAN = re.compile(r"(`[^`\n]*`)")
_CUT_WORD = re.compile(r"([^\W\d_][\w’'-]{0,40})-\n([^\W\d_]\w{0,40})")
_TAG = re.compile(r"</?([A-Za-z][\w-]*)[^<>]*>")
# Of MDX: « import X from 'y' », « <Tabs> ».
_COMPONENT = re.compile(
    r"^(?:import|export) [^\n]{0,500}(?:from ['\"]|=)[^\n]{0,500}$"
    r"|</?[A-Z][\w.]{0,60}(?:\s[^<>]{0,1000})?/?>",
    re.MULTILINE,
)
_COMMENT = 5_000  # characters within which a comment inside a paragraph ends
_KNOWN_TAGS = (
    BLOCK_TAGS
    | HIDDEN_TAGS
    | word_set(
        "a abbr acronym b bdi bdo big br button center cite code col colgroup data del dfn em font "
        "i img ins kbd label mark math nav picture progress q ruby s samp small source span strike "
        "strong sub sup time tt u var wbr"
    )
)


def read_markdown(data: bytes, name: str) -> Content:
    """Read a Markdown file; its title is the front matter's, else its first heading's."""
    decoded = decode_telling(data)
    text = decoded.text
    if name.lower().endswith(".mdx"):
        text = _COMPONENT.sub("\n", text)
    content = content_of_markdown(text, readable_name(name))
    return replace(content, doubt=decoded.doubt)


def content_of_markdown(text: str, fallback_title: str = "") -> Content:
    """What Markdown says; ``fallback_title`` serves when it names itself nowhere."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    metadata: dict[str, str] = {}
    front = _FRONT_MATTER.match(text)
    if front and _FRONT_MATTER_FIELD.search(front[2]):
        metadata = _front_matter(front[2])
        text = text[front.end() :]
    text = "\n".join(_lines(text))
    # A footnote's definition would be read as a link's, and its text lost.
    text = _FOOTNOTE_CALL.sub(r"[\1]", _FOOTNOTE.sub(r"\n[\1] ", text))
    comments_end = text.rfind("-->")
    blocks, contents = mark_headings(
        html_blocks(_parser().render(text, {"comments_end": comments_end})), styled=True
    )
    title = metadata.pop("title", "")
    first_heading = next((block.text for block in blocks if block.level), "")
    if title and title.casefold() not in {block.text.casefold() for block in blocks if block.level}:
        blocks.insert(0, Block(title, 1))
    title = title or (first_heading if is_credible_title(first_heading) else "") or fallback_title
    return Content(title, blocks, metadata, removed=tuple(contents))


def _front_matter(text: str) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for key, value in _FRONT_MATTER_FIELD.findall(text):
        name = FIELD_NAMES.get(key.lower())
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if name and value:
            metadata[name] = clean_line(value)
    return metadata


def _lines(text: str) -> Iterator[str]:
    """The lines without those that only mark up, and without "%%" comments; code stays."""
    fence = ""
    all_lines = text.split("\n")
    marks = [at for at, line in enumerate(all_lines) if line.strip() == "%%"]
    hidden = dict(zip(marks[::2], marks[1::2], strict=False))
    until = -1
    for at, line in enumerate(all_lines):
        found = _FENCE.match(line)
        if found and not (fence and found[1] != fence):
            fence = "" if fence else found[1]
        elif not fence:
            until = hidden.get(at, until)
            if at <= until:
                continue
            titled = _TITLED_CONTAINER.fullmatch(line)
            if titled and not titled[1].startswith("{"):
                line = f"\n**{titled[1]}**\n"
            elif _MARKUP_LINE.fullmatch(line):
                line = ""
        yield line


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block.html_block import html_block
    from markdown_it.rules_inline.html_inline import html_inline
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.deflist import deflist_plugin

    def inline(state: Any, silent: bool) -> bool:
        """As the parser's own; but a comment ends near its beginning, and goes."""
        source, start = state.src, state.pos
        if source.startswith(("<!", "<?"), start):
            end = source.find("-->", start, start + _COMMENT)
            if end < 0 or not source.startswith("<!--", start):
                return False
            state.pos = end + 3
            return True
        return html_inline(state, silent)

    def block(state: Any, first: int, last: int, silent: bool) -> bool:
        """As the parser's own; but what is never closed is text."""
        start = state.bMarks[first] + state.tShift[first]
        if state.src.startswith(("<!", "<?"), start) and not (
            state.src.startswith("<!--", start) and start < state.env["comments_end"]
        ):
            return False
        return html_block(state, first, last, silent)

    def dialects(state: Any) -> None:
        for token in state.tokens:
            if token.type == "inline":
                parts = _CODE_SPAN.split(token.content)
                parts[::2] = [_without_dialects(part) for part in parts[::2]]
                token.content = "".join(parts)

    def raw(_: Any, tokens: Any, at: int, *__: Any) -> str:
        return _TAG.sub(
            lambda tag: tag[0] if tag[1].lower() in _KNOWN_TAGS else html.escape(tag[0]),
            tokens[at].content,
        )

    def picture(_: Any, tokens: Any, at: int, *__: Any) -> str:
        return html.escape(tokens[at].content)

    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    parser.use(deflist_plugin).use(admon_plugin)
    parser.inline.ruler.at("html_inline", inline)
    parser.block.ruler.at("html_block", block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.core.ruler.before("inline", "dialects", dialects)
    for name in ("html_inline", "html_block"):
        parser.add_render_rule(name, raw)
    parser.add_render_rule("image", picture)
    return parser


def _without_dialects(text: str) -> str:
    if "-\n" in text:
        text = _CUT_WORD.sub(_whole_word, text)
    text = _CALLOUT.sub(lambda found: f"{found[1]}\\\n" if found[1] else "", text)
    return _DIALECT.sub(lambda found: found[1] or found[2] or "", text)


def _whole_word(found: re.Match[str]) -> str:
    hyphen = "-" if keeps_hyphen(found[1], found[2]) else ""
    return f"{found[1]}{hyphen}{found[2]}"
