"""
Who a Django project's users are to the game server: what the server, which may have no Django, and a project share.

`project` reads the project's tables, in threads of the server; `selling` makes tickets, in the project's own process.
The app for ``INSTALLED_APPS`` is `gameserver.django`.
"""
