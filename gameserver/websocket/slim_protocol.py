"""
What a connection need not keep once its handshake is done: Autobahn's settings, its headers, and flags not yet raised.

Autobahn gives each protocol some ninety attributes of its own. Most are the same for all connections of an endpoint: as
attributes of a class that is made for it they cost nothing, and the rest fits a dict of a quarter of the size.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

P = TypeVar("P")

OF_THE_HANDSHAKE: Final = (
    "_wskey",
    "http_headers",
    "http_request_data",
    "http_request_host",
    "http_request_params",
    "http_request_path",
    "http_request_uri",
    "http_response_data",
    "http_status_line",
    "websocket_extensions",
    "websocket_extensions_in_use",
    "websocket_origin",
    "websocket_protocols",
    "websocket_version",
)
"""Nobody reads these later."""
FALSE_YET: Final = (
    "closedByMe",
    "droppedByMe",
    "failedByMe",
    "triggered",
    "wasClean",
    "wasCloseHandshakeTimeout",
    "wasMaxFramePayloadSizeExceeded",
    "wasMaxMessagePayloadSizeExceeded",
    "wasOpenHandshakeTimeout",
    "wasServerConnectionDropTimeout",
    "wasServingFlashSocketPolicyFile",
)
NONE_YET: Final = (
    "_perMessageCompress",
    "autoPingPending",
    "autoPingPendingSent",
    "autoPingTimeoutCall",
    "closeHandshakeTimeoutCall",
    "localCloseCode",
    "localCloseReason",
    "openHandshakeTimeoutCall",
    "remoteCloseCode",
    "remoteCloseReason",
    "trackedTimings",
    "wasNotCleanReason",
)


def endpoint_class(protocol: type[P], factory: Any) -> type[P]:
    """
    :param protocol: a class of Autobahn's kind.
    :param factory: configured; the settings of its connections do not change from now on.
    :returns: a class on which its instances find what they have in common, after `let_go`.
    """
    shared: dict[str, Any] = {}
    for name in protocol.CONFIG_ATTRS:  # type: ignore[attr-defined]
        value = getattr(factory, name)
        # A function that is an attribute of a class would be called as its method.
        shared[name] = staticmethod(value) if callable(value) else value
    shared.update(dict.fromkeys((*OF_THE_HANDSHAKE, *NONE_YET)), **dict.fromkeys(FALSE_YET, False))
    # It is for sends in pieces, which nobody asks for here; an empty deque takes 600 bytes.
    shared["send_queue"] = ()
    return type(protocol.__name__, (protocol,), {**shared, "__module__": protocol.__module__})


def let_go(protocol: Any) -> None:
    """Keep what is this connection's own."""
    shared = type(protocol).__dict__
    if "send_queue" not in shared:
        return
    gone = {*OF_THE_HANDSHAKE, "send_queue"}
    own = vars(protocol)
    protocol.__dict__ = {
        name: value
        for name, value in own.items()
        if name not in gone and not (name in shared and type(shared[name]) is type(value) and shared[name] == value)
    }
