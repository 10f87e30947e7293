"""The secret that a Django project and the server share; what needs Django itself is in ``tests.django.suite``."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from gameserver.auth.chain import make_chain
from gameserver.auth.django import DjangoTickets
from gameserver.auth.django_app.tokens import KIND, TicketClaims, read_shared, shared_secrets
from gameserver.auth.tokens import Signer
from gameserver.errors import SettingError
from gameserver.settings.settings import load
from tests.auth.jwt_kit import file_of
from tests.auth.kit import START_S, auth_context


class SharedSecretTests(SynchronousTestCase):
    def test_files(self) -> None:
        """One secret or several; a group may read them, and nobody may write them but their owner."""
        for mode in (0o600, 0o640, 0o400, 0o440):
            self.assertEqual(read_shared(file_of(self.mktemp(), b"x" * 32 + b"y" * 32, mode)), (b"x" * 32, b"y" * 32))
        for mode in (0o644, 0o604, 0o660, 0o602, 0o641):
            error = self.assertRaises(ValueError, read_shared, file_of(self.mktemp(), b"x" * 32, mode))
            self.assertIn("chmod 640", str(error))
        for content in (b"", b"x" * 31, b"x" * 33):
            error = self.assertRaises(ValueError, read_shared, file_of(self.mktemp(), content))
            self.assertIn("32 bytes", str(error))
            self.assertNotIn("xxx", str(error))

    def test_repr(self) -> None:
        """What shows them shows how many there are."""
        self.assertEqual(repr(read_shared(file_of(self.mktemp(), b"x" * 64))), "Secrets(2)")

    def test_only_where_it_is_used(self) -> None:
        """A secret opens tickets only on a server that admits users of Django."""
        path = str(file_of(self.mktemp(), b"x" * 32))
        for auth, secrets in (("guests", ()), ("django", (b"x" * 32,))):
            settings = load(environ={"GAMESERVER_AUTH": auth, "GAMESERVER_DJANGO_SECRET": path})
            self.assertEqual(shared_secrets(settings), secrets)
        self.assertEqual(shared_secrets(load({"auth": ["django"]})), ())

    def test_make(self) -> None:
        """A secret is enough: no Django is asked for; without one, and without a project, the error names both."""
        self.patch(os, "environ", {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"})
        error = self.assertRaises(SettingError, make_chain, auth_context(auth=["django"]))
        self.assertIn("DJANGO_SETTINGS_MODULE", str(error))
        self.assertIn("django.secret", str(error))
        path = str(file_of(self.mktemp(), b"x" * 32))
        (users,) = make_chain(auth_context(**{"auth": ["django"], "django.secret": path})).links
        self.assertIsInstance(users, DjangoTickets)

    def test_audience(self) -> None:
        """Of two servers with one secret each takes the tokens that name it, by its address or by what is set."""
        self.patch(os, "environ", {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"})
        given = {"auth": ["django"], "django.secret": str(file_of(self.mktemp(), b"x" * 32))}
        games = {**given, "public_url": "https://games.example/"}
        other, anybody = {**games, "django.audience": "other"}, given
        for aud, admitted in (("https://games.example", "yes no yes"), ("other", "no yes yes"), ("", "no no yes")):
            claims = TicketClaims(sub="5", name="Ann", rights=(), iat=0, exp=2**40, stamp="", aud=aud)
            token = Signer([b"x" * 32], KIND).sign(claims)
            found = []
            for settings in (games, other, anybody):
                asked = make_chain(auth_context(**settings)).authenticate(token, now_s=START_S)
                found.append("yes" if asked.addErrback(lambda _: None).result else "no")
            self.assertEqual(" ".join(found), admitted, aud)
