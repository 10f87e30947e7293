"""
Compresses files of pages, once each, in every encoding that browsers take.

The results lie in a folder, named by a hash of the file's content and by the encoding: ``TAG.br``. So a result never
belongs to an older state of its file. The folder of the built package and the one that a server writes are alike.

This module imports nothing else of the package, since the package's own build loads it too.
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
"""The encodings, as HTTP names them, with the suffix of each; the one with the smallest results first."""
WORTH: Final = frozenset(
    {".html", ".js", ".mjs", ".ts", ".css", ".json", ".map", ".webmanifest", ".txt", ".wasm", ".svg"}
)
"""Suffixes of files that become smaller; pictures, sound and fonts are compressed already."""
LEAST_BYTES: Final = 512
"""A smaller file fits one packet anyway."""


def tag_of(content: bytes) -> str:
    """:returns: a hash of this content: 24 hexadecimal digits."""
    return blake2s(content, digest_size=12).hexdigest()


def compress(content: bytes, encoding: str) -> bytes:
    """:param encoding: one of `SUFFIXES`. :returns: the content, as small as it gets; the same each time."""
    if encoding == "br":
        done: bytes = brotli.compress(content, quality=11)
        return done
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=19).compress(content)
    return gzip.compress(content, 9, mtime=0)


def quickly(content: bytes, encoding: str) -> bytes:
    """:returns: the content, compressed in little time, for answers that are made anew for each request."""
    if encoding == "br":
        done: bytes = brotli.compress(content, quality=4)
        return done
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(content)
    return gzip.compress(content, 6, mtime=0)


def worth(path: Path) -> bool:
    """Whether compressing a file of this name is worth it."""
    return path.suffix.lower() in WORTH


def store(
    paths: Iterable[Path],
    folder: Path,
    write: Callable[[Path, bytes], object] = Path.write_bytes,
    *,
    elsewhere: Container[str] = (),
) -> set[str]:
    """
    Compress files into a folder, unless it has them already.

    :param folder: one that exists.
    :param write: writes a file whole.
    :param elsewhere: names of results that lie in another folder, and need not be made.
    :returns: the names of the results of these files that are in the folder.
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
