"""
``.. typescript:: FILE`` documents all that a ``.d.ts`` file exports, with the comments that stand above it there.

It reads declarations as these files have them: ``export`` of a class, interface, type or function, each with a
``/** comment */`` or none; members end with a semicolon. Every name is entered into the index, the search and Sphinx's
JavaScript domain, so that ``:js:class:`Client``` links to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

DECLARATION = re.compile(r"(?:export )?(?:declare )?(class|interface|type|function) (\w+)")
MEMBER = re.compile(r"(?:readonly )?(\w+)\s*([?(<:])")
OBJECT_TYPES = {"class": "class", "interface": "class", "type": "data", "function": "function"}
PART = re.compile(r"\s*(/\*\*.*?\*/|\S)", re.DOTALL)
"""A comment, or the first letter of what is declared."""
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Declaration(NamedTuple):
    """A comment without its stars, the code it stands above without ``export``, and the text inside its braces."""

    comment: str
    code: str
    body: str


def declarations(text: str) -> Iterator[Declaration]:
    """:returns: what is declared at the top of a text: a file, or the inside of a class."""
    at, comment = 0, ""
    while match := PART.match(text, at):
        if match[1].startswith("/*"):
            comment = "\n".join(re.sub(r"^\s*\*? ?", "", line) for line in match[1][3:-2].strip().splitlines())
            at = match.end()
        else:
            start, end, opened = match.start(1), *end_of(text, match.start(1))
            code = " ".join(text[start : opened if opened is not None else end].split()).rstrip(" ;")
            yield Declaration(comment, code.removeprefix("export "), text[opened + 1 : end - 1] if opened else "")
            at, comment = end, ""


def end_of(text: str, start: int) -> tuple[int, int | None]:
    """:returns: where a declaration ends, and where its braces open if it is one that has members."""
    has_members = re.match(r"(export )?(declare )?(class|interface|global)\b", text[start:]) is not None
    depth, at, opened = 0, start, None
    while at < len(text):
        if string := STRING.match(text, at):
            at = string.end()
            continue
        if text.startswith("/*", at):
            at = text.index("*/", at) + 2
            continue
        letter = text[at]
        if letter in "{([":
            if has_members and letter == "{" and depth == 0:
                opened = at
            depth += 1
        elif letter in "})]":
            depth -= 1
            if depth == 0 and opened is not None:
                return at + 1, opened
        elif letter == ";" and depth == 0:
            return at + 1, None
        at += 1
    raise ValueError(f"this declaration has no end: {text[start : start + 60]!r}")


class TypeScript(SphinxDirective):
    """The directive."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """:returns: an entry for each export."""
        _, self.file = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(self.file)
        found: list[nodes.Node] = []
        for declaration in declarations(Path(self.file).read_text("utf-8")):
            if match := DECLARATION.match(declaration.code):
                entry = self.entry(declaration, match[2], match[2], OBJECT_TYPES[match[1]])
                for member in declarations(declaration.body):
                    name = MEMBER.match(member.code)
                    if name is not None:
                        kind = "method" if name[2] in "(<" else "attribute"
                        entry[-1] += self.entry(member, name[1], f"{match[2]}.{name[1]}", kind)
                found.append(entry)
        return found

    def entry(self, declared: Declaration, name: str, full_name: str, kind: str) -> addnodes.desc:
        """:returns: the description of one name."""
        before, _, after = declared.code.partition(name)
        signature = addnodes.desc_signature(declared.code, "", classes=["sig"])
        signature += addnodes.desc_annotation("", before)
        signature += addnodes.desc_name(name, name)
        signature += nodes.Text(after)
        label = f"js-{full_name}"
        if label not in self.state.document.ids:  # the first of overloads
            signature["ids"].append(label)
            self.state.document.note_explicit_target(signature)
            self.env.domains.javascript_domain.note_object(full_name, kind, label, location=signature)
        content = addnodes.desc_content()
        if declared.comment:
            lines = re.sub(r"`([^`]+)`", r"``\1``", declared.comment).splitlines()
            self.state.nested_parse(StringList(lines, self.file), 0, content)
        return addnodes.desc("", signature, content, domain="js", objtype=kind, desctype=kind)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("typescript", TypeScript)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
