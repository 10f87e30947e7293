"""
What lives in a Django project: ``"gameserver.django"`` in its ``INSTALLED_APPS``.

The game server itself imports nothing from here: it asks a project by `gameserver.auth.django_app`, which both share.
"""
