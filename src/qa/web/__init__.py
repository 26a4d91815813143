"""The web chat: a page that answers with quotes and opens each at its place in the document."""

from qa.web.layout import build_app
from qa.web.serving import Options, serve

__all__ = ["Options", "build_app", "serve"]
