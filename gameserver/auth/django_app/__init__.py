"""
Who a Django project's users are to the game server: what a project shares with the server, which may have no Django.

`project` reads the project's tables, in threads of the server; `selling` makes tickets, in the project's own process.
The app for ``INSTALLED_APPS`` is `gameserver.django`.
"""
