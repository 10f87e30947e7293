"""Bodies in chunks, of which there are only so many: each is some work, however little it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

MOST_LINES: Final = 1000
"""So many chunks, and headers behind them, a body has at most: in the largest one that is looked at, 64 bytes each."""


class BoundedChunks(_ChunkedTransferDecoder):
    """
    Twisted's decoder, which counts.

    :param received: is given what each chunk holds.
    :param finished: is given what is behind the last one.
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
    """:returns: what decodes a body as this does, which Twisted has chosen."""
    is_chunked = isinstance(decoder, _ChunkedTransferDecoder)
    return BoundedChunks(decoder.dataCallback, decoder.finishCallback) if is_chunked else decoder
