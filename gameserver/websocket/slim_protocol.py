"""
What a connection need not keep once its handshake is done: Autobahn's settings, the headers, and flags not yet set.

Autobahn gives each protocol some ninety attributes of its own. Most are the same for all connections of an endpoint.
As attributes of a class that is made for the endpoint they cost nothing, and a dict of a quarter of the size holds the
rest.
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
"""Attributes that nobody reads after the handshake."""
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
    Make a class that holds what all connections of an endpoint have in common.

    :param protocol: a subclass of Autobahn's ``WebSocketServerProtocol``.
    :param factory: configured; its settings must not change from now on.
    :returns: a subclass, whose instances keep only what is their own once they are given to `let_go`.
    """
    shared: dict[str, Any] = {}
    for name in protocol.CONFIG_ATTRS:  # type: ignore[attr-defined]
        value = getattr(factory, name)
        # A function that is an attribute of a class would be called as its method.
        shared[name] = staticmethod(value) if callable(value) else value
    shared.update(dict.fromkeys((*OF_THE_HANDSHAKE, *NONE_YET)), **dict.fromkeys(FALSE_YET, False))
    # Autobahn's queue for sending in pieces, which nobody does here; an empty deque takes 600 bytes.
    shared["send_queue"] = ()
    return type(protocol.__name__, (protocol,), {**shared, "__module__": protocol.__module__})


def let_go(protocol: Any) -> None:
    """Drop the attributes of a connection that its class from `endpoint_class` holds too."""
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
