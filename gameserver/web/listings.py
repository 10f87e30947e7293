"""What listings say of games and rooms, to whoever looks for something to play."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gameserver.game.clock_option import clocks_of, only_clock
from gameserver.game.described import inlined
from gameserver.web.shapes import About, Message

if TYPE_CHECKING:
    from gameserver.game.spec import Spec


def about(spec: Spec, *, page: bool) -> About:
    """:param page: whether it has a page of its own. :returns: what listings say of a game."""
    cls = spec.cls
    return About(
        name=spec.name,
        title=spec.title,
        doc=first_paragraph(cls.__doc__),
        min_players=cls.min_players,
        max_players=cls.max_players,
        roles=cls.roles,
        host_may=list(cls.host_may),
        options=_options(spec),
        messages={
            name: Message(each.by, each.phase, each.question, each.schema.json_schema(), each.reply, each.turn)
            for name, each in spec.messages.items()
        },
        events=spec.events,
        docs=spec.docs,
        levels={level.name: level.title for level in spec.bots.values()},
        max_bots=spec.max_bots if spec.bots else 0,
        ready=spec.ready_check,
        clocks=clocks_of(spec.clock) if spec.clock_option else [],
        page=page,
    )


def _options(spec: Spec) -> dict[str, Any] | None:
    if spec.options is not None:
        return spec.options.json_schema()
    return only_clock(spec.clock) if spec.clock_option else None


def without_refs(game: About) -> About:
    """:returns: the same with its schemas `inlined`."""
    messages = {
        name: replace(each, schema=inlined(each.schema), reply=inlined(each.reply) if each.reply is not None else None)
        for name, each in game.messages.items()
    }
    return replace(
        game,
        options=inlined(game.options) if game.options is not None else None,
        messages=messages,
        events={name: inlined(schema) for name, schema in game.events.items()},
        docs={name: inlined(schema) for name, schema in game.docs.items()},
    )


def first_paragraph(doc: str | None) -> str:
    """:returns: a docstring's first paragraph, in one line."""
    return " ".join(cleandoc(doc or "").partition("\n\n")[0].split())
