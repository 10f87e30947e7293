"""Bodies in chunks, and a limit to how many: each chunk is some work, however little it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

MOST_LINES: Final = 1000
"""The most chunks, and headers after them, of one body; in the largest body that is read, 64 bytes each."""


class BoundedChunks(_ChunkedTransferDecoder):
    """
    Twisted's decoder of chunks, with a limit to how many.

    :param received: called with what each chunk holds.
    :param finished: called with what follows the last one.
    """

    def __init__(self, received: Callable[[bytes], None], finished: Callable[[bytes], None]) -> None:
        super().__init__(received, finished)
        self._lines = 0

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        return self._counted(super()._dataReceived_CHUNK_LENGTH())

    def _dataReceived_TRAILER(self) -> bool:
        return self._counted(super()._dataReceived_TRAILER())

    def _counted(self, is_line: bool) -> bool:
        """:raises _MalformedChunkedDataError: there are too many; Twisted answers 400, and hangs up."""
        self._lines += is_line
        if self._lines > MOST_LINES:
            raise _MalformedChunkedDataError(f"More than {MOST_LINES} chunks.")
        return is_line


def bounded(decoder: Any) -> Any:
    """:returns: the decoder that Twisted has chosen for a body, or a `BoundedChunks` in place of one of chunks."""
    is_chunked = isinstance(decoder, _ChunkedTransferDecoder)
    return BoundedChunks(decoder.dataCallback, decoder.finishCallback) if is_chunked else decoder
