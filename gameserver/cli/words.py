"""``gameserver words``: lists the texts of a game that are not translated yet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gameserver.errors import GameLoadError, SettingError
from gameserver.settings import settings

if TYPE_CHECKING:
    from gameserver.web import untranslated


@click.command()
@click.argument("names", nargs=-1, metavar="[GAME]...")
@click.option("--games", "places", multiple=True, metavar="PLACE", help="A folder, file or dotted path; repeatable.")
@click.option("--config", metavar="FILE", help="TOML file with settings.")
@click.option("--template", metavar="LANGUAGE", help="Print a catalogue to begin or to go on with, such as for de.")
def words(names: tuple[str, ...], places: tuple[str, ...], config: str | None, template: str | None) -> None:
    """
    Find what is not translated: of these games, or of all but the samples.

    In each language that a game has a catalogue for, words/LANGUAGE.json in the folder of its page: texts that the
    catalogue lacks, those that nobody says any more, and messages with other places than their text. Exit status 1:
    there are such.
    """
    from gameserver.game import loader
    from gameserver.game.spec import spec_of
    from gameserver.web import untranslated

    try:
        merged = settings.load({"games": places or None}, environ=os.environ, config=config)
        catalog = loader.load(merged.games, sample_games=bool(names))
    except (SettingError, GameLoadError) as error:
        raise click.ClickException(str(error)) from None
    if unknown := [name for name in names if name not in catalog.games]:
        raise click.ClickException(f"{unknown[0]}: there is no game of that name")
    shared = untranslated.shared()
    parts = [
        untranslated.of_game(spec_of(catalog.games[name]), catalog.places[name], shared)
        for name in names or catalog.games
    ]
    try:
        if template is not None:
            if len(parts) != 1:
                raise click.ClickException("name one game")
            click.echo(untranslated.template(parts[0], template))
            return
        found = [line for part in parts for line in _of(part)]
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(found or ["All is translated."]))
    raise SystemExit(bool(found))


def _of(part: untranslated.Part) -> list[str]:
    """:returns: a line for each thing that is wrong with a game's catalogues."""
    from gameserver.web import untranslated

    own = part.own_languages()
    return list(untranslated.faults(part, own)) if own else [f"{part.name}: no catalogue in {part.folder}/words"]
