"""
What lives in a Django project: who its users are to the game server, and a view that sells them tickets.

A project that runs in a process of its own has ``gameserver.auth.django_app`` in its ``INSTALLED_APPS`` and the view in
its URLs. Where the game server reads the project's tables itself, `project` is what does it, in threads.
"""
