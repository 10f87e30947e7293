"""
Compresses files of pages, once each, in every way that browsers take.

What comes out lies in a folder, named by what the file holds and by the way: ``TAG.br``. So nothing there is ever of
an older file; a folder of the built package and one that a server writes are alike.

This module needs nothing else of the package: the package's own build loads it, too.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Container, Iterable
from hashlib import blake2s
from pathlib import Path
from typing import Final

import brotli
import zstandard

SUFFIXES: Final = {"br": "br", "zstd": "zst", "gzip": "gz"}
"""The ways, as HTTP names them, with the suffix of each; the smallest first."""
WORTH: Final = frozenset(
    {".html", ".js", ".mjs", ".ts", ".css", ".json", ".map", ".webmanifest", ".txt", ".wasm", ".svg"}
)
"""Suffixes of files that become smaller; pictures, sound and fonts are compressed as they are."""
LEAST_BYTES: Final = 512
"""A smaller file goes out in one packet whatever is done to it."""


def tag_of(content: bytes) -> str:
    """:returns: what tells this content from any other: 24 letters and digits."""
    return blake2s(content, digest_size=12).hexdigest()


def compress(content: bytes, encoding: str) -> bytes:
    """:param encoding: one of `SUFFIXES`. :returns: the smallest that this way makes of it; the same each time."""
    if encoding == "br":
        done: bytes = brotli.compress(content, quality=11)
        return done
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=19).compress(content)
    return gzip.compress(content, 9, mtime=0)


def quickly(content: bytes, encoding: str) -> bytes:
    """:returns: the same in little time, for what is made anew for each who asks."""
    if encoding == "br":
        done: bytes = brotli.compress(content, quality=4)
        return done
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(content)
    return gzip.compress(content, 6, mtime=0)


def worth(path: Path) -> bool:
    """Whether a file of this name is compressed at all."""
    return path.suffix.lower() in WORTH


def store(
    paths: Iterable[Path],
    folder: Path,
    write: Callable[[Path, bytes], object] = Path.write_bytes,
    *,
    elsewhere: Container[str] = (),
) -> set[str]:
    """
    Compress files into a folder that is there, unless it has them already.

    :param write: writes a file whole.
    :param elsewhere: names of forms that lie in another folder, and need not be made.
    :returns: the names of those that belong there.
    """
    names: set[str] = set()
    for path in paths:
        content = path.read_bytes()
        if not worth(path) or len(content) < LEAST_BYTES:
            continue
        tag = tag_of(content)
        for encoding, suffix in SUFFIXES.items():
            target = folder / f"{tag}.{suffix}"
            if target.name in elsewhere:
                continue
            names.add(target.name)
            if not target.exists():
                write(target, compress(content, encoding))
    return names
