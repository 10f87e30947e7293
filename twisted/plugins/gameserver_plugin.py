"""Shows ``gameserver`` to twistd; the rest is in `gameserver.tap`, which twistd imports when it is asked for."""

from twisted.application.service import ServiceMaker

gameserver = ServiceMaker("gameserver", "gameserver.tap", "Serves multiplayer games over WebSockets.", "gameserver")
