"""
Links between pages that work wherever the sources are read: ```chat <chat.rst>`_``, ```unit <../deploy/x.service>`_``.

A site for source code shows a page as reStructuredText without Sphinx, where ``:doc:`` means nothing. So pages link to
files, by paths from the page's own folder. Here such a link becomes one to the page made of that file, or, where the
file is no page, a download. A path that leads nowhere, or a heading that is not there, is a warning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

INCLUDED = {"README.rst": "start", "CONTRIBUTING.rst": "contributing"}
"""Files beside the folder of pages, and the pages that include them."""


def source_of(node: nodes.Node) -> str | None:
    """:returns: the file that a node stands in, which is another one than its page's inside an ``include``."""
    while node is not None:
        if getattr(node, "source", None):
            return str(node.source)
        node = node.parent
    return None


class MarkFileLinks(SphinxTransform):
    """After reading: links to pages are marked with the page's name, links to other files are downloads."""

    default_priority = 700  # after docutils has filled in the addresses of named links

    def apply(self, **_: Any) -> None:
        """Change the links of one page."""
        top = Path(self.env.srcdir).resolve()
        for node in list(self.document.findall(nodes.reference)):
            path, _, fragment = node.get("refuri", "").partition("#")
            if not path or ":" in path:
                continue
            file = (Path(source_of(node) or self.document["source"]).parent / path).resolve()
            inside = file.relative_to(top.parent)
            if not file.exists():
                logger.warning("no such file: %s", path, location=node, type="plain_links")
            elif name := INCLUDED.get(str(inside)):
                node["page"], node["fragment"] = name, fragment
            elif file.is_relative_to(top) and file.suffix == ".rst":
                node["page"], node["fragment"] = str(file.relative_to(top).with_suffix("")), fragment
            else:
                download = addnodes.download_reference("", "", *node.children, reftarget=f"/../{inside}")
                download["refdoc"] = self.env.docname
                node.replace_self(download)


class ResolvePageLinks(SphinxPostTransform):
    """Before writing: what is marked gets the address of that page."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        """Change the links of one page."""
        for node in self.document.findall(nodes.reference):
            page, fragment = node.get("page"), node.get("fragment")
            if page is None:
                continue
            if page not in self.env.found_docs:
                logger.warning("not a page: %s", page, location=node, type="plain_links")
                continue
            if fragment and fragment not in self.env.get_doctree(page).ids:
                logger.warning("no heading %r on page %s", fragment, page, location=node, type="plain_links")
            address = self.app.builder.get_relative_uri(self.env.docname, page)
            node["refuri"] = f"{address}#{fragment}" if fragment else address
            node["internal"] = True


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_transform(MarkFileLinks)
    app.add_post_transform(ResolvePageLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
