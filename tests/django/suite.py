"""Tests with users of a real project, in a process with Django; ``tests.e2e.test_django`` runs it for each release."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from hashlib import sha256
from importlib.util import find_spec
from typing import Any, ClassVar
from unittest.mock import patch
from urllib.parse import parse_qsl

import django
from msgspec.structs import replace
from twisted.internet import reactor
from twisted.internet.defer import Deferred, execute
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from gameserver.auth.django_app import project

ZONE = (os.environ.get("TZ"), time.tzname)
project.set_up()
ZONE_THEN = (os.environ.get("TZ"), time.tzname)

from django import db  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402
from django.contrib.auth.models import AnonymousUser, Group  # noqa: E402
from django.contrib.auth.models import User as Account  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.contrib.staticfiles import finders  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.management.base import CommandError, SystemCheckError  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.test import Client, RequestFactory, override_settings  # noqa: E402

from gameserver.auth.chain import Chain  # noqa: E402
from gameserver.auth.django import COOKIE_LIFETIME_S, LIFETIME_S, DjangoSessions, DjangoTickets, DjangoUsers  # noqa: E402
from gameserver.auth.django_app import changes  # noqa: E402
from gameserver.auth.django_app.faults import ProjectFault  # noqa: E402
from gameserver.auth.django_app.people import RIGHTS  # noqa: E402
from gameserver.auth.django_app.tokens import KIND, NOTICES_KIND, NoticeClaims, TicketClaims, read_shared  # noqa: E402
from gameserver.auth.guests import Guests  # noqa: E402
from gameserver.auth.threads import Queue, Run, Threads  # noqa: E402
from gameserver.auth.tickets import Tickets  # noqa: E402
from gameserver.auth.tokens import Signer  # noqa: E402
from gameserver.django import revocations, revoke, rooms, signals  # noqa: E402
from gameserver.django.checks import check_deployed_secret, check_secret  # noqa: E402
from gameserver.django.models import PlayerReport, Result, ServerSanction  # noqa: E402
from gameserver.errors import Refused  # noqa: E402
from gameserver.interfaces import Caller, ICookies, IPasswords, Order, User  # noqa: E402
from gameserver.room.notices import Notice, Present  # noqa: E402
from gameserver.store.memory.store import MemoryStore  # noqa: E402
from tests.contracts.test_authenticator import AuthenticatorContract  # noqa: E402
from tests.ports import free_port  # noqa: E402

NOW_S = 1_767_225_600.0
PASSWORD = "pass word"
SECRET = b"s" * 32
BACKENDS = ["django.contrib.auth.backends.ModelBackend"]


def account(name: str = "ann", **more: Any) -> Any:
    """:returns: a user of the project."""
    return Account.objects.create_user(name, password=PASSWORD, **more)


def made(secret: bytes = SECRET, *, check: Run = execute, look: Run = execute, waiting: int = 2) -> DjangoUsers:
    """:returns: an authenticator; where it says nothing else it works in this thread."""
    queues = {"check": Queue(check, waiting, "full"), "look": Queue(look, waiting, "full")}
    return DjangoUsers([secret], 32, project=project, **queues)


class Case(SynchronousTestCase):
    """An authenticator that works in this thread."""

    def setUp(self) -> None:
        Account.objects.all().delete()
        Session.objects.all().delete()
        self.users = made()

    def login(self, name: str = "ann", password: str = PASSWORD) -> Any:
        return self.successResultOf(self.users.login(name, password, now_s=NOW_S))

    def proves(self, token: str, now_s: float = NOW_S) -> User:
        return self.successResultOf(self.users.authenticate(token, now_s=now_s))

    def refused(self, asked: Deferred[Any]) -> str:
        """:returns: the text of the refusal."""
        failure = self.failureResultOf(asked, Refused)
        refused: Any = failure.value
        self.assertEqual(refused.code, "unauthenticated")
        return str(refused.text)

    def busy(self, asked: Deferred[Any]) -> str:
        """:returns: what is said to somebody of whom nothing is known."""
        refused: Any = self.failureResultOf(asked, Refused).value
        self.assertEqual(refused.code, "busy")
        return str(refused.text)

    def by_cookie(self, key: str, name: str = "sessionid") -> Deferred[Any]:
        return self.users.authenticate_cookies({name: key, "csrftoken": "x"}, now_s=NOW_S)

    def browser(self, name: str = "ann") -> Client:
        """:returns: a browser that is logged in, and checked for other sites' forms."""
        client = Client(enforce_csrf_checks=True)
        self.assertTrue(client.login(username=name, password=PASSWORD))
        return client


class ContractTests(AuthenticatorContract, TestCase):
    """What every authenticator promises."""

    lifetime_s = LIFETIME_S

    def setUp(self) -> None:
        Account.objects.all().delete()
        super().setUp()

    def make(self, secret: bytes) -> DjangoUsers:
        return made(secret)

    async def admit(self, authenticator: DjangoUsers, name: str) -> tuple[User, str]:
        Account.objects.filter(username=name).exists() or account(name)
        grant = await authenticator.login(name, PASSWORD, now_s=self.clock.now())
        return grant.user, grant.token


class PasswordTests(Case):
    def test_login(self) -> None:
        """Name and password, through the project's hashers; the token is good for two weeks."""
        kept = account()
        grant = self.login()
        self.assertEqual((grant.user.id, grant.user.name), (f"django:{kept.pk}", "ann"))
        self.assertEqual(grant.expires_s, LIFETIME_S)
        self.assertEqual(self.proves(grant.token), grant.user)
        self.assertTrue(kept.password.startswith("pbkdf2_sha256$"))
        for contract in (IPasswords, ICookies):
            verifyObject(contract, self.users)

    def test_no_enumeration(self) -> None:
        """A wrong password, an unknown name and a user who was switched off are told the same."""
        account()
        account("eve", is_active=False)
        texts = {
            self.refused(self.users.login(name, password, now_s=NOW_S))
            for name, password in (("ann", "wrong"), ("nobody", PASSWORD), ("eve", PASSWORD), ("", ""), ("ann", ""),
                                   ("ANN", PASSWORD), ("ann\0", PASSWORD), ("ann", PASSWORD + "\0"),
                                   ("a" * 10_000, PASSWORD), ("ann", "x" * 100_000), ("\ud800", "\ud800"))
        }  # fmt: skip
        self.assertEqual(len(texts), 1)

    def test_same_work_for_nobody(self) -> None:
        """Django hashes once for an unknown name as well: time tells nothing."""
        account()
        hashed: list[str] = []
        hasher = "django.contrib.auth.hashers.PBKDF2PasswordHasher.encode"
        real = PBKDF2PasswordHasher.encode

        def encode(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
            hashed.append(password)
            found: str = real(self, password, salt, iterations)
            return found

        for name in ("ann", "nobody"):
            with patch(hasher, encode):
                self.refused(self.users.login(name, "wrong", now_s=NOW_S))
        self.assertEqual(hashed, ["wrong", "wrong"])

    def test_backend_that_admits_inactive_users(self) -> None:
        """Some backends let anybody in: the game does not."""
        account("eve", is_active=False)
        with override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.AllowAllUsersModelBackend"]):
            self.refused(self.users.login("eve", PASSWORD, now_s=NOW_S))

    def test_too_many(self) -> None:
        """Who comes while many are being looked up is told so at once; then there is room again."""
        account()
        under_way: list[Deferred[Any]] = []

        def run(work: Any) -> Deferred[Any]:
            under_way.append(Deferred())
            return under_way[-1]

        users = made(check=run)
        asked = [users.login("ann", PASSWORD, now_s=NOW_S) for _ in range(3)]
        refused: Any = self.failureResultOf(asked[2], Refused).value
        self.assertEqual(refused.code, "busy")
        under_way[0].callback(None)
        self.refused(asked[0])
        users.login("ann", PASSWORD, now_s=NOW_S)
        self.assertEqual(len(under_way), 3)


class TokenTests(Case):
    def test_switched_off(self) -> None:
        """Whoever was switched off, or is gone, stays out from then on, whatever they hold."""
        kept = account()
        token = self.login().token
        kept.is_active = False
        kept.save()
        self.refused(self.users.authenticate(token, now_s=NOW_S))
        kept.is_active = True
        kept.save()
        self.proves(token)
        kept.delete()
        self.refused(self.users.authenticate(token, now_s=NOW_S))

    def test_password_change(self) -> None:
        """A new password ends all tokens of the old one, as Django ends sessions."""
        kept = account()
        token = self.login().token
        kept.set_password("another one")
        kept.save()
        self.refused(self.users.authenticate(token, now_s=NOW_S))
        self.proves(self.login(password="another one").token)

    def test_rotated_key(self) -> None:
        """A new ``SECRET_KEY`` logs nobody out while the old one is in ``SECRET_KEY_FALLBACKS``, and all after that."""
        kept = account()
        token = self.login().token
        with override_settings(SECRET_KEY="x" * 60, SECRET_KEY_FALLBACKS=["y" * 60, settings.SECRET_KEY]):
            self.proves(token)
            newer = self.login().token
            kept.set_password("another one")
            kept.save()
            self.refused(self.users.authenticate(token, now_s=NOW_S))
            self.refused(self.users.authenticate(newer, now_s=NOW_S))
            newest = self.login(password="another one").token
        with override_settings(SECRET_KEY="x" * 60, SECRET_KEY_FALLBACKS=[]):
            self.proves(newest)
        self.refused(self.users.authenticate(newest, now_s=NOW_S))

    def test_rights_are_those_of_now(self) -> None:
        """Flags and groups give rights at once, and take them as well."""
        kept = account()
        token = self.login().token
        self.assertEqual(self.proves(token).rights, ())
        for change, rights in (
            ({"is_staff": True}, ("moderator",)),
            ({"is_superuser": True}, ("admin", "moderator")),
            ({"is_staff": False, "is_superuser": False}, ()),
        ):
            Account.objects.filter(pk=kept.pk).update(**change)
            self.assertEqual(self.proves(token).rights, rights, change)
        for groups, rights in (
            (["Referees", "Others"], ("moderator",)),
            (["Owners", "Referees"], ("admin", "moderator")),
            (["Others"], ()),
            ([], ()),
        ):
            kept.groups.set(Group.objects.filter(name__in=groups))
            self.assertEqual(self.proves(token).rights, rights, groups)

    def test_rights_without_a_setting(self) -> None:
        """By default staff keep order, and superusers do everything; no group means anything."""
        account(is_staff=True)
        group, _ = Group.objects.get_or_create(name="admin")
        bob = account("bob")
        bob.groups.add(group)
        account("cyd", is_superuser=True)
        with override_settings(GAMESERVER_RIGHTS=RIGHTS):
            rights = [self.login(name).user.rights for name in ("ann", "bob", "cyd")]
        self.assertEqual(rights, [("moderator",), (), ("admin", "moderator")])

    def test_names(self) -> None:
        """An address of mail is not shown; what cannot be a name is made to fit; a project may say what to show."""
        for name, shown in (("ann@mail.example", "ann"), ("x" * 60, "x" * 32), ("@", "Player")):
            account(name)
            self.assertEqual(self.login(name).user.name, shown)
        account(first_name="Ann B.")
        for named in ("django.contrib.auth.models.AbstractUser.get_short_name", lambda user: user.first_name):
            with override_settings(GAMESERVER_NAME=named if callable(named) else "tests.django.suite.first_name"):
                self.assertEqual(self.login().user.name, "Ann B.")

    def test_other_keys(self) -> None:
        """A token whose user cannot be is refused: keys of another kind of project."""
        for key in ("x", "", "1.5", "9" * 400, "None", "\u0664\u0662x"):
            claims = TicketClaims(sub=key, name="a", rights=(), iat=int(NOW_S), exp=int(NOW_S) + 60, stamp="")
            token = Signer([SECRET], KIND).sign(claims)
            self.refused(self.users.authenticate(token, now_s=NOW_S))

    def test_guests_token_is_not_theirs(self) -> None:
        """The same secret signs several kinds: none is good as another."""
        _, token = Guests([SECRET], lambda size: b"x" * size, lambda: NOW_S).guest("Ann")
        self.assertFalse(self.users.owns(token))
        self.refused(self.users.authenticate("django" + token[token.index(".") :], now_s=NOW_S))


class CookieTests(Case):
    def test_session(self) -> None:
        """The cookie of a session that somebody is logged in with buys a token, for an hour."""
        kept = account(is_staff=True)
        grant = self.successResultOf(self.by_cookie(self.browser().session.session_key))
        self.assertEqual((grant.user.id, grant.user.rights), (f"django:{kept.pk}", ("moderator",)))
        self.assertEqual(grant.expires_s, COOKIE_LIFETIME_S)
        self.assertEqual(self.proves(grant.token), grant.user)
        self.refused(self.users.authenticate(grant.token, now_s=NOW_S + COOKIE_LIFETIME_S))

    def test_other_cookies(self) -> None:
        """A request without the project's cookie is somebody else's to judge."""
        self.assertIsNone(self.successResultOf(self.by_cookie("x", name="gameserver")))
        with override_settings(SESSION_COOKIE_NAME="shop"):
            self.assertIsNone(self.successResultOf(self.by_cookie("x")))
            self.refused(self.by_cookie("x", name="shop"))

    def test_cookies_that_prove_nothing(self) -> None:
        """No such session, an expired one, nobody in it, somebody switched off, another password, and garbage."""
        kept = account()
        browser = self.browser()
        key = browser.session.session_key
        for wrong in (
            "",
            "x",
            "x" * 32,
            "x" * 100_000,
            "../../etc/passwd",
            "\u00e4" * 32,
            key.upper(),
            key + "x",
            "' OR 1=1 --",
        ):
            self.refused(self.by_cookie(wrong))
        anonymous = Client().session
        anonymous["cart"] = 5
        anonymous.save()
        self.refused(self.by_cookie(anonymous.session_key))
        Account.objects.filter(pk=kept.pk).update(is_active=False)
        self.refused(self.by_cookie(key))
        Account.objects.filter(pk=kept.pk).update(is_active=True)
        self.successResultOf(self.by_cookie(key))
        kept.set_password("another one")
        kept.save()
        self.refused(self.by_cookie(key))
        kept.set_password(PASSWORD)
        kept.save()
        browser = self.browser()
        key = browser.session.session_key
        browser.logout()
        self.refused(self.by_cookie(key))

    def test_session_is_left_as_it_was(self) -> None:
        """Looking changes nothing: also after the project's SECRET_KEY was changed the browser stays logged in."""
        account()
        browser = self.browser()
        key = browser.session.session_key
        before = list(Session.objects.values_list())
        with override_settings(SECRET_KEY="x" * 60, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
            # Sessions in the database are signed with the same key; those of 5.2 and 4.2 read old signatures too.
            self.successResultOf(self.by_cookie(key))
        self.assertEqual(list(Session.objects.values_list()), before)
        self.successResultOf(self.by_cookie(key))

    def test_other_stores_of_sessions(self) -> None:
        """Sessions in the cookie itself, in files and in a cache."""
        account()
        for engine in ("signed_cookies", "file", "cached_db", "cache"):
            with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}"):
                key = self.browser().cookies["sessionid"].value
                self.assertEqual(self.successResultOf(self.by_cookie(key)).user.name, "ann", engine)
                for wrong in (key[:-2] + "xx", "../" + key, "x"):
                    self.refused(self.by_cookie(wrong))


class DatabaseTests(Case):
    def test_away(self) -> None:
        """A database that does not answer refuses nobody: it is asked again later."""
        account()
        token = self.login().token
        with patch("django.db.models.query.QuerySet.first", side_effect=db.OperationalError("it is away")):
            refused = self.busy(self.users.authenticate(token, now_s=NOW_S))
        self.assertIn("project's database", refused)
        self.proves(token)

    def test_connections_are_closed(self) -> None:
        """No thread keeps a connection that nobody uses."""
        account()
        open_after: list[Any] = []

        def elsewhere(work: Any) -> Deferred[Any]:
            result: list[Any] = []

            def run() -> None:
                result.append(work())
                open_after.append(db.connections["default"].connection)

            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
            return execute(result.pop)

        users = made(check=elsewhere)
        self.successResultOf(users.login("ann", PASSWORD, now_s=NOW_S))
        self.assertEqual(open_after, [None])


class SlowBackend:
    """A backend that answers only when it is told to."""

    asked = threading.Semaphore(0)
    answer = threading.Event()

    def authenticate(self, request: Any, username: str, password: str) -> None:
        """Wait."""
        self.asked.release()
        self.answer.wait()


class ReadsTheRequest:
    """A backend as django-axes has one: it looks at the request."""

    seen: ClassVar[list[Any]] = []

    def authenticate(self, request: Any, username: str, password: str) -> None:
        """Note what it sees; without a request it raises."""
        found = (request.META["REMOTE_ADDR"], request.headers["User-Agent"], request.path, request.COOKIES["device"])
        self.seen.append((*found, request.session.get("x"), request.user.is_authenticated, request.is_secure()))


class FaultyBackend:
    """A backend with a mistake in it."""

    def authenticate(self, request: Any, username: str, password: str) -> None:
        """Raise."""
        raise ZeroDivisionError("a mistake")


class ByMail:
    """A backend for something else."""

    def authenticate(self, request: Any, email: str) -> None:
        """Never asked."""


class ProjectsCodeTests(Case):
    """What the project's own code does, or fails at."""

    def test_name_that_is_none(self) -> None:
        """Who has no name there is called as if the project said nothing."""
        account("ann@mail.example")
        with override_settings(GAMESERVER_NAME=lambda user: None):
            self.assertEqual(self.login("ann@mail.example").user.name, "ann")

    def test_settings_that_raise(self) -> None:
        """Whatever it raises, the answer is at once, and the log names the setting, with a traceback."""
        account()
        token, key = self.login().token, self.browser().session.session_key
        for faulty in (
            {"GAMESERVER_NAME": lambda user: {}["nickname"]},
            {"GAMESERVER_NAME": "nowhere.at_all"},
            {"GAMESERVER_RIGHTS": {"groups": 5}},
            {"GAMESERVER_RIGHTS": None},
        ):
            (setting,) = faulty
            with override_settings(**faulty):
                for asked in (
                    lambda: self.users.authenticate(token, now_s=NOW_S),
                    lambda: self.users.login("ann", PASSWORD, now_s=NOW_S),
                    lambda: self.by_cookie(key),
                ):
                    self.busy(asked())
                    (logged,) = self.flushLoggedErrors(ProjectFault)
                    self.assertIn(setting, logged.getErrorMessage())
                    self.assertIn("blaming", logged.getTraceback())

    def test_backend_that_raises(self) -> None:
        """It is named."""
        account()
        with override_settings(AUTHENTICATION_BACKENDS=["tests.django.suite.FaultyBackend", *BACKENDS]):
            self.busy(self.users.login("ann", PASSWORD, now_s=NOW_S))
        (logged,) = self.flushLoggedErrors(ProjectFault)
        self.assertIn("AUTHENTICATION_BACKENDS: tests.django.suite.FaultyBackend", logged.getErrorMessage())
        self.assertIn("a mistake", logged.getErrorMessage())

    def test_backends_that_are_never_asked(self) -> None:
        """One that takes no name and password is known at the start; Django leaves it out without a word."""
        with override_settings(AUTHENTICATION_BACKENDS=[*BACKENDS, "tests.django.suite.ByMail"]):
            self.assertEqual(project.unfit_backends(), ["tests.django.suite.ByMail"])

    def test_backend_that_reads_the_request(self) -> None:
        """It sees who asks, from where, and with what."""
        account()
        headers = {"user-agent": "Firefox", "cookie": "device=x1; other=y"}
        caller = Caller("192.0.2.1", "/api/login", headers, secure=True)
        with override_settings(AUTHENTICATION_BACKENDS=["tests.django.suite.ReadsTheRequest", *BACKENDS]):
            self.successResultOf(self.users.login("ann", PASSWORD, now_s=NOW_S, caller=caller))
        self.assertEqual(ReadsTheRequest.seen, [("192.0.2.1", "Firefox", "/api/login", "x1", None, False, True)])

    def test_ticket(self) -> None:
        """In the project's process no ticket is sold then, and its log says why."""
        account()
        browser = self.browser()
        browser.cookies["csrftoken"] = "x" * 32
        with override_settings(GAMESERVER_NAME="nowhere.at_all"), self.assertLogs("gameserver", "ERROR") as logs:
            answer = browser.post("/gameserver/ticket/", HTTP_X_CSRFTOKEN="x" * 32)
        self.assertEqual((answer.status_code, json.loads(answer.content)["code"]), (503, "busy"))
        self.assertIn("GAMESERVER_NAME", logs.output[0])


class TimeZoneTests(SynchronousTestCase):
    def test_stays_the_servers(self) -> None:
        """The project's ``TIME_ZONE`` moves neither the server's log nor its games."""
        self.assertEqual(ZONE_THEN, ZONE)
        self.assertNotIn(settings.TIME_ZONE, str(ZONE))

    def test_project_that_needs_it(self) -> None:
        """A project that tells times without a zone has that of the process, as it is told to."""
        self.addCleanup(project._set_time_zone, ZONE[0])
        with override_settings(USE_TZ=False):
            os.environ["TZ"] = settings.TIME_ZONE
            project.set_up()
            self.assertEqual(os.environ["TZ"], settings.TIME_ZONE)


class ThreadTests(TestCase):
    async def test_passwords_hold_up_nobody_else(self) -> None:
        """While the project's backends try more passwords than there are threads, tokens and cookies are looked at."""
        Account.objects.all().delete()
        account()
        users = made(check=Threads(reactor, 2), look=Threads(reactor, 2, nice=False), waiting=20)
        token = (await users.login("ann", PASSWORD, now_s=NOW_S)).token
        browser = Client()
        browser.login(username="ann", password=PASSWORD)
        slow = override_settings(AUTHENTICATION_BACKENDS=["tests.django.suite.SlowBackend", *BACKENDS])
        slow.enable()
        self.addCleanup(slow.disable)
        self.addCleanup(SlowBackend.answer.clear)
        self.addCleanup(SlowBackend.answer.set)
        tries = [users.login("ann", "wrong", now_s=NOW_S) for _ in range(10)]
        for _ in range(2):
            await deferToThread(SlowBackend.asked.acquire)
        self.assertEqual((await users.authenticate(token, now_s=NOW_S)).name, "ann")
        key = browser.session.session_key
        self.assertEqual((await users.authenticate_cookies({"sessionid": key}, now_s=NOW_S)).user.name, "ann")
        SlowBackend.answer.set()
        for each in tries:
            with self.assertRaises(Refused):
                await each

    async def test_never_in_the_reactors_thread(self) -> None:
        """The reactor's thread asks no database: all of it happens in a bounded number of others."""
        Account.objects.all().delete()
        account()
        threads: set[str] = set()
        real = project.person_of

        def person_of(*args: Any) -> Any:
            threads.add(threading.current_thread().name)
            return real(*args)

        self.patch(project, "person_of", person_of)
        run = Threads(reactor, 2)
        users = made(check=run, look=run, waiting=50)
        for asked in [users.login("ann", PASSWORD, now_s=NOW_S) for _ in range(6)]:
            token = (await asked).token
        await users.authenticate(token, now_s=NOW_S)
        self.assertNotIn(threading.current_thread().name, threads)
        self.assertLessEqual(len(threads), 2)


class ViewTests(Case):
    """The view that sells tickets."""

    def setUp(self) -> None:
        super().setUp()
        self.shared = read_shared(settings.GAMESERVER_SECRET_FILE)
        self.store = MemoryStore()
        self.store.start()

    def post(self, client: Client, **more: Any) -> Any:
        """:returns: the answer to a form of this site."""
        client.cookies["csrftoken"] = "x" * 32
        return client.post("/gameserver/ticket/", HTTP_X_CSRFTOKEN="x" * 32, **more)

    def redeem(self, ticket: str, *secrets: bytes) -> Deferred[str]:
        return Tickets(secrets or self.shared, self.store, lambda size: b"n" * size).redeem(ticket, now_s=time.time())

    def test_ticket(self) -> None:
        """
        Who is logged in to the project gets a ticket; a server that shares the secret knows who that is, once, and also
        where its clock is behind the project's.
        """
        kept = account(is_staff=True)
        answer = self.post(self.browser())
        self.assertEqual(answer.status_code, 200)
        self.assertIn("no-store", answer["Cache-Control"])
        told = json.loads(answer.content)
        self.assertEqual(told["user"], {"id": f"django:{kept.pk}", "name": "ann", "rights": ["moderator"]})
        token = self.successResultOf(self.redeem(told["ticket"]))
        self.refused(self.redeem(told["ticket"]))
        server = DjangoTickets(self.shared, 32)
        user = self.successResultOf(server.authenticate(token, now_s=time.time()))
        self.assertEqual((user.id, user.name, user.rights), (f"django:{kept.pk}", "ann", ("moderator",)))
        self.refused(server.authenticate(token, now_s=time.time() + 3601))
        self.assertEqual(self.successResultOf(server.authenticate(token, now_s=time.time() - 120)), user)
        self.assertNotIn(told["ticket"], token)

    def test_lifetime(self) -> None:
        """The project says for how long a user may come back without asking it."""
        account()
        with override_settings(GAMESERVER_TOKEN_S=60):
            ticket = json.loads(self.post(self.browser()).content)["ticket"]
        token = self.successResultOf(self.redeem(ticket))
        server = DjangoTickets(self.shared, 32)
        self.successResultOf(server.authenticate(token, now_s=time.time() + 50))
        self.refused(server.authenticate(token, now_s=time.time() + 61))

    def test_audience(self) -> None:
        """A ticket names the server that it is for."""
        account()
        for named, aud in (
            ({"GAMESERVER_URL": "https://games.example/"}, "https://games.example"),
            ({"GAMESERVER_URL": "https://games.example", "GAMESERVER_AUDIENCE": "games"}, "games"),
        ):
            with override_settings(**named):
                token = self.successResultOf(self.redeem(json.loads(self.post(self.browser()).content)["ticket"]))
            self.successResultOf(DjangoTickets(self.shared, 32, aud).authenticate(token, now_s=time.time()))
            self.refused(DjangoTickets(self.shared, 32, "https://other.example").authenticate(token, now_s=time.time()))

    def test_other_secret(self) -> None:
        """Neither a ticket nor a token of a project with another secret is good."""
        account()
        ticket = json.loads(self.post(self.browser()).content)["ticket"]
        self.refused(self.redeem(ticket, b"x" * 32))
        token = self.successResultOf(self.redeem(ticket))
        self.refused(DjangoTickets([b"x" * 32], 32).authenticate(token, now_s=NOW_S))

    def test_changed_secret(self) -> None:
        """While the secret is changed both are good."""
        account()
        ticket = json.loads(self.post(self.browser()).content)["ticket"]
        self.successResultOf(self.redeem(ticket, b"x" * 32, *self.shared))

    def test_other_sites_forms(self) -> None:
        """Another site's form brings the cookie, and not the token that belongs to it."""
        account()
        browser = self.browser()
        self.assertEqual(browser.post("/gameserver/ticket/").status_code, 403)
        self.assertEqual(browser.post("/gameserver/ticket/", HTTP_X_CSRFTOKEN="y" * 32).status_code, 403)
        self.assertEqual(self.post(browser, HTTP_ORIGIN="https://evil.example").status_code, 403)
        without = [name for name in settings.MIDDLEWARE if "csrf" not in name]
        with override_settings(MIDDLEWARE=without):
            self.assertEqual(browser.post("/gameserver/ticket/").status_code, 403)
        self.assertEqual(browser.get("/gameserver/ticket/").status_code, 405)

    def test_nobody(self) -> None:
        """Who is not logged in gets none; nor who was switched off meanwhile."""
        self.assertEqual(self.post(Client(enforce_csrf_checks=True)).status_code, 401)
        kept = account()
        browser = self.browser()
        self.assertEqual(self.post(browser).status_code, 200)
        Account.objects.filter(pk=kept.pk).update(is_active=False)
        self.assertEqual(self.post(browser).status_code, 401)

    def test_secret_that_cannot_be_used(self) -> None:
        """Without a secret, or with one that anybody may read, nothing is sold, and ``check`` says so."""
        account()
        browser = self.browser()
        path = settings.BASE_DIR / "other.secret"
        path.write_bytes(b"x" * 32)
        path.chmod(0o644)
        short = settings.BASE_DIR / "short.secret"
        short.write_bytes(b"x" * 31)
        short.chmod(0o600)
        for file in (None, "", "/nowhere", path, short):
            with override_settings(GAMESERVER_SECRET_FILE=file), self.assertLogs("gameserver", "ERROR"):
                self.assertEqual([error.id for error in check_secret()], ["gameserver.W001"])
                self.assertEqual([error.id for error in check_deployed_secret()], ["gameserver.E001"])
                self.assertEqual(self.post(browser).status_code, 503)
        self.assertEqual(check_secret() + check_deployed_secret(), [])

    def test_commands_without_the_secret(self) -> None:
        """A machine without the secret migrates and makes migrations; ``check --deploy`` is what it fails."""
        with override_settings(GAMESERVER_SECRET_FILE="/nowhere"):
            warned = io.StringIO()
            for command, more in (("migrate", {}), ("makemigrations", {"dry_run": True})):
                quietly = {"verbosity": 0, "stdout": io.StringIO(), "stderr": warned, "skip_checks": False}
                call_command(command, **more, **quietly)
            self.assertIn("gameserver.W001", warned.getvalue())
            with self.assertRaises(SystemCheckError) as failed:
                call_command("check", deploy=True, stdout=io.StringIO(), stderr=io.StringIO())
            self.assertIn("gameserver.E001", str(failed.exception))


class NameTests(Case):
    def test_nobody_is_called_as_another(self) -> None:
        """Of two addresses that begin alike the older has the name, and nobody who has it as a whole loses it."""
        names = [
            "bob@shop.example",
            "bob@evil.example",
            "BOB@third.example",
            "ann@evil.example",
            "ann",
            "bobby@x.example",
        ]
        kept = [account(name) for name in names]
        shown = [self.login(name).user.name for name in names]
        marks = [f"({each.pk})" for each in kept]
        self.assertEqual(shown, ["bob", f"bob {marks[1]}", f"BOB {marks[2]}", f"ann {marks[3]}", "ann", "bobby"])


class AdmissionTests(Case):
    """``GAMESERVER_ADMITS`` and ``GAMESERVER_PASSWORDS``: who may play is for the project to say, at every door."""

    def test_every_door(self) -> None:
        """A reason is told to whoever comes; whoever is connected is out."""
        account()
        browser, token = self.browser(), self.login().token
        browser.cookies["csrftoken"] = "x" * 32
        key, user = browser.session.session_key, self.proves(token)
        doors: list[str] = []

        def may_play(user: Any, request: Any) -> Any:
            doors.append(request.gameserver_door)
            return "First pay your bill."

        with override_settings(GAMESERVER_ADMITS=may_play):
            for asked in (
                self.users.login("ann", PASSWORD, now_s=NOW_S),
                self.by_cookie(key),
                self.users.authenticate(token, now_s=NOW_S, caller=Caller("192.0.2.1")),
                self.users.look_again(user, now_s=NOW_S),
            ):
                refused: Any = self.failureResultOf(asked, Refused).value
                self.assertEqual((refused.code, refused.text), ("forbidden", "First pay your bill."))
            answer = browser.post("/gameserver/ticket/", HTTP_X_CSRFTOKEN="x" * 32)
            self.assertEqual((answer.status_code, json.loads(answer.content)["message"]), (403, "First pay your bill."))
        self.assertEqual(doors, ["password", "session", "token", "again", "ticket"])

    def test_what_it_says(self) -> None:
        """True alone lets in; what it raises is the project's fault."""
        account()
        for said, code in ((True, None), *((wrong, "forbidden") for wrong in (False, None, "", 1))):
            with override_settings(GAMESERVER_ADMITS=lambda user, request, said=said: said):
                asked = self.users.login("ann", PASSWORD, now_s=NOW_S)
                found: Any = self.failureResultOf(asked, Refused).value.code if code else None
                self.assertEqual(found, code)
                code or self.successResultOf(asked)
        with override_settings(GAMESERVER_ADMITS="nowhere.at_all"):
            self.busy(self.users.login("ann", PASSWORD, now_s=NOW_S))
        self.assertEqual(len(self.flushLoggedErrors(ProjectFault)), 1)

    def test_no_passwords(self) -> None:
        """Sessions alone open: a page is not told that there are passwords, and none is tried."""
        users = DjangoSessions([SECRET], 32, project=project, check=Queue(execute, 2, ""), look=Queue(execute, 2, ""))
        chain = Chain([users])
        self.assertEqual((chain.offering(IPasswords), chain.offering(ICookies)), (None, users))
        account()
        self.refused(chain.login("ann", PASSWORD, now_s=NOW_S))
        self.successResultOf(users.authenticate_cookies({"sessionid": self.browser().session.session_key}, now_s=NOW_S))
        self.assertTrue(project.takes_passwords())
        with override_settings(GAMESERVER_PASSWORDS=False):
            self.assertFalse(project.takes_passwords())

    def test_django_otp(self) -> None:
        """A session that passed the second factor opens; one that has only the password does not."""
        need("django_otp")
        from django_otp import DEVICE_ID_SESSION_KEY
        from django_otp.plugins.otp_static.models import StaticDevice

        def may_play(user: Any, request: Any) -> Any:
            passed = request.gameserver_door in ("token", "again") or DEVICE_ID_SESSION_KEY in request.session
            return passed or "Use your second factor first."

        ann, browser = account(), self.browser()
        key = browser.session.session_key
        with override_settings(GAMESERVER_ADMITS=may_play):
            refused: Any = self.failureResultOf(self.by_cookie(key), Refused).value
            self.assertEqual(refused.text, "Use your second factor first.")
            session = browser.session
            session[DEVICE_ID_SESSION_KEY] = StaticDevice.objects.create(user=ann, name="paper").persistent_id
            session.save()
            grant = self.successResultOf(self.by_cookie(key))
            self.proves(grant.token)

    def test_django_axes(self) -> None:
        """Who guesses is locked out by the project's own rules, by address, with the right password too."""
        need("axes")
        account()
        axes = {"AXES_ENABLED": True, "AUTHENTICATION_BACKENDS": ["axes.backends.AxesStandaloneBackend", *BACKENDS]}
        here = {"now_s": NOW_S, "caller": Caller("192.0.2.1", "/api/login", {"user-agent": "x"})}
        with override_settings(**axes):
            for _ in range(3):
                self.refused(self.users.login("ann", "wrong", **here))
            self.refused(self.users.login("ann", PASSWORD, **here))
            elsewhere = Caller("192.0.2.2", "/api/login", {"user-agent": "x"})
            self.successResultOf(self.users.login("ann", PASSWORD, now_s=NOW_S, caller=elsewhere))


def need(package: str) -> None:
    """:raises SkipTest: it is not there for this release."""
    if find_spec(package) is None:
        raise SkipTest(f"{package} is not there (make needs)")


class NoticeTests(Case):
    """What the server tells is kept once, by the webhook and directly."""

    def setUp(self) -> None:
        super().setUp()
        for model in (Result, ServerSanction, PlayerReport):
            model.objects.all().delete()
        path = self.mktemp()
        with open(path, "wb") as file:
            file.write(SECRET)
        os.chmod(path, 0o600)
        wish = override_settings(GAMESERVER_SECRET_FILE=path, GAMESERVER_URL="https://games.example")
        wish.enable()
        self.addCleanup(wish.disable)
        self.heard: list[str] = []

    def hear(self, signal: Any) -> None:
        def receiver(notice: Notice, **_: Any) -> None:
            self.heard.append(notice.id)

        signal.connect(receiver)
        self.addCleanup(signal.disconnect, receiver)

    def over(self, **more: Any) -> bytes:
        players = (Present(f"django:{account().pk}", "ann", "player", 0), Present("guest:x", "Gus", "player", 1))
        about = {"id": "r1-game_over-1", "kind": "game_over", "at": NOW_S, "room": "r1", "code": "K7QM", "round": 1}
        return Notice(**{**about, "game": "trivia", "result": {"winner": 0}, "players": players, **more}).encode()

    def post(self, body: bytes, signed: bytes | None = None, *, secret: bytes = SECRET, **claims: Any) -> Any:
        """:returns: the answer to a notice, signed as the server does it."""
        said = {"sha256": sha256(signed or body).hexdigest(), "exp": int(time.time()) + 60, **claims}
        token = Signer([secret], NOTICES_KIND).sign(NoticeClaims(**said))
        browser = Client(enforce_csrf_checks=True)
        return browser.post(
            "/gameserver/notices/", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
        )

    def test_result_once(self) -> None:
        """A result that comes again is not counted again, and its signal is sent once."""
        self.hear(signals.game_over)
        body = self.over()
        for _ in range(3):
            self.assertEqual(self.post(body).status_code, 200)
        kept = Result.objects.get()
        self.assertEqual((kept.game, kept.round, kept.result), ("trivia", 1, {"winner": 0}))
        self.assertEqual([player["name"] for player in kept.players], ["ann", "Gus"])
        self.assertEqual(list(Account.objects.get(username="ann").game_results.all()), [kept])
        self.assertEqual(self.heard, ["r1-game_over-1"])
        project.take(body)
        self.assertEqual(Result.objects.count(), 1)

    def test_not_the_servers(self) -> None:
        """Another secret, another body, an old signature, another server: nothing is kept."""
        body = self.over()
        wrong = (
            self.post(body, secret=b"x" * 32),
            self.post(body, b"other"),
            self.post(body, exp=int(time.time()) - 1),
            self.post(body, aud="https://other.example"),
            Client().post("/gameserver/notices/", body, content_type="application/json"),
        )
        self.assertEqual([answer.status_code for answer in wrong], [401] * 5)
        self.assertEqual(self.post(b"{}").status_code, 400)
        self.assertEqual(Result.objects.count(), 0)
        self.assertEqual(self.post(body, aud="https://games.example").status_code, 200)

    def test_receiver_that_raises(self) -> None:
        """Nothing is kept, so that the server tells it again."""

        def receiver(**_: Any) -> None:
            raise KeyError("a bug of the project's")

        signals.game_over.connect(receiver)
        self.addCleanup(signals.game_over.disconnect, receiver)
        self.assertRaises(KeyError, project.take, self.over())
        self.assertEqual(Result.objects.count(), 0)

    def test_signals(self) -> None:
        """Who listens hears of starts and of who leaves."""
        self.hear(signals.game_started)
        self.hear(signals.player_left)
        for kind in ("game_started", "player_left", "something newer"):
            project.take(Notice(id=kind, kind=kind, at=NOW_S).encode())
        self.assertEqual(self.heard, ["game_started", "player_left"])

    def test_moderation(self) -> None:
        """A sanction until it is lifted, in whatever order that comes; a report with its lines."""
        about = {"id": "s1", "act": "ban", "user": "django:7", "until": NOW_S + 60}
        for id, kind in (("lifted-s1", "lifted"), ("sanction-s1", "sanction")):
            project.take(Notice(id=id, kind=kind, at=NOW_S, data=about).encode())
        sanction = ServerSanction.objects.get()
        self.assertEqual((sanction.act, sanction.user), ("ban", "django:7"))
        self.assertIsNotNone(sanction.lifted)
        report = {"act": "report", "whom": {"user": "django:7", "name": "eve"}, "reason": "rude", "room": "K7QM"}
        for _ in range(2):
            project.take(Notice(id="report-1", kind="report", at=NOW_S, data=report).encode())
        self.assertEqual(str(PlayerReport.objects.get()), "report of eve")

    def test_admin(self) -> None:
        """All of it can be read there, and nothing changed; rooms are asked of the server."""
        project.take(self.over())
        Account.objects.create_superuser("root", password=PASSWORD)
        browser = self.browser("root")
        room = {"room": "K7QM", "game": "<b>", "players": 2, "max_players": 8, "status": "lobby"}
        self.patch(rooms, "urlopen", lambda url, timeout: io.BytesIO(json.dumps({"rooms": [room]}).encode()))
        for name in ("result", "serversanction", "playerreport", "room"):
            answer = browser.get(f"/admin/gameserver/{name}/")
            self.assertEqual(answer.status_code, 200, name)
            self.assertEqual(browser.get(f"/admin/gameserver/{name}/add/").status_code, 403)
        result = Result.objects.get()
        self.assertEqual(
            browser.post(f"/admin/gameserver/result/{result.pk}/delete/", {"post": "yes"}).status_code, 403
        )
        self.assertIn("&lt;b&gt;", answer.content.decode())
        self.assertIn("2 of 8", answer.content.decode())
        self.assertContains(browser.get("/admin/gameserver/result/"), "trivia")

    def assertContains(self, answer: Any, text: str) -> None:
        self.assertIn(text, answer.content.decode())

    def test_migrations(self) -> None:
        """They make what the models say, with each release."""
        call_command("makemigrations", "gameserver", check=True, dry_run=True, stdout=io.StringIO())


class RoomsCommandTests(SynchronousTestCase):
    """``manage.py gameserver_rooms``."""

    def run_command(self, *args: str) -> str:
        said = io.StringIO()
        call_command("gameserver_rooms", *args, stdout=said)
        return said.getvalue()

    def test_rooms(self) -> None:
        """A line for each, and a word where there are none; one game's alone if that is asked."""
        room = {"room": "K7QM", "game": "trivia", "players": 2, "max_players": 8, "status": "lobby"}
        asked: list[str] = []

        def answer(rooms: list[Any]) -> Any:
            return lambda url, timeout: asked.append(url) or io.BytesIO(json.dumps({"rooms": rooms}).encode())

        with override_settings(GAMESERVER_URL="https://games.example/"):
            self.patch(rooms, "urlopen", answer([room]))
            self.assertEqual(self.run_command("--game", "trivia").split(), ["K7QM", "trivia", "2", "of", "8", "lobby"])
            self.patch(rooms, "urlopen", answer([]))
            self.assertEqual(self.run_command(), "No public rooms.\n")
        self.assertEqual(asked, ["https://games.example/api/rooms?game=trivia", "https://games.example/api/rooms"])

    def test_no_server(self) -> None:
        """What is missing is said in a line."""
        for url in ("", f"http://127.0.0.1:{free_port()}"):
            with override_settings(GAMESERVER_URL=url), self.assertRaises(CommandError) as raised:
                self.run_command()
            self.assertIn("GAMESERVER_URL" if not url else "does not tell its rooms", str(raised.exception))


class SignalTests(Case):
    """What the project changes about its users is told to the server."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[Any] = []
        self.patch(changes, "heard_here", self.told.append)

    def test_users(self) -> None:
        """Saved, with another password, deleted; not what every login of Django's writes, and nobody who is new."""
        ann = account()
        Client().login(username="ann", password=PASSWORD)
        self.assertEqual(self.told, [])
        ann.is_active = False
        ann.save()
        ann.set_password("another one")
        ann.save(update_fields=["password"])
        key = str(ann.pk)
        ann.delete()
        self.assertEqual(self.told, [[key]] * 3)

    def test_groups(self) -> None:
        """From either side, and a group that is deleted."""
        ann, bob, group = account(), account("bob"), Group.objects.create(name="New")
        one, two = str(ann.pk), str(bob.pk)
        ann.groups.add(group)
        group.user_set.add(bob)
        ann.groups.set([])
        group.user_set.clear()
        self.assertEqual(self.told, [[one], [two], [one], [two]])
        bob.groups.add(group)
        self.told.clear()
        group.delete()
        self.assertEqual(self.told, [[two]])

    def test_after_the_transaction(self) -> None:
        """What is not stored is not told; what is stored is told then."""
        ann = account()
        with self.assertRaises(ZeroDivisionError), db.transaction.atomic():
            ann.save()
            raise ZeroDivisionError
        self.assertEqual(self.told, [])
        with db.transaction.atomic():
            ann.save()
            self.assertEqual(self.told, [])
        self.assertEqual(self.told, [[str(ann.pk)]])

    def test_order_to_another_process(self) -> None:
        """It is signed, and says what the user may now; the server knows whose it is."""
        self.patch(changes, "heard_here", None)
        posted: list[Any] = []
        self.patch(revocations, "_post_all", lambda urls, body: posted.append((urls, json.loads(body)["token"])))
        self.patch(revocations.threading, "Thread", Now)
        ann = account(is_staff=True)
        with override_settings(GAMESERVER_URL="https://games.example/"):
            ann.save()
            revoke(ann)
            ann.is_active = False
            ann.save()
        users = DjangoTickets(read_shared(settings.GAMESERVER_SECRET_FILE), 32, "https://games.example")
        read = [self.successResultOf(users.orders_of(token, now_s=time.time())) for _, token in posted]
        given = [order.given_s for orders in read for order in orders]
        self.assertEqual(given, sorted(given))
        orders = [[replace(order, given_s=None) for order in orders] for orders in read]
        user = f"django:{ann.pk}"
        self.assertEqual(orders, [[Order(user, ("moderator",))], [Order(user)], [Order(user)]])
        self.assertEqual({tuple(urls) for urls, _ in posted}, {("https://games.example",)})

    def test_nobody_to_tell(self) -> None:
        """A project without the secret, or that names no server, saves its users all the same."""
        self.patch(changes, "heard_here", None)
        self.patch(revocations.threading, "Thread", None)
        ann = account()
        for given in ({"GAMESERVER_URL": ""}, {"GAMESERVER_URL": "https://x.example", "GAMESERVER_SECRET_FILE": None}):
            with override_settings(**given):
                ann.save()


class Now:
    """A thread that does its work at once, in this one."""

    def __init__(self, target: Any, args: Any, name: str) -> None:
        self._work = lambda: target(*args)

    def start(self) -> None:
        """Do it."""
        self._work()


class StandingTests(Case):
    """Whoever is connected is looked up again."""

    def test_look_again(self) -> None:
        """Rights are those of now; who was switched off, is gone, or has another password, is out."""
        kept = account()
        user = self.login().user
        look = lambda: self.users.look_again(user, now_s=NOW_S)  # noqa: E731
        kept.is_staff = True
        kept.save()
        self.assertEqual(self.successResultOf(look()).rights, ("moderator",))
        kept.is_active = False
        kept.save()
        self.refused(look())
        kept.is_active = True
        kept.save()
        self.successResultOf(look())
        kept.set_password("another one")
        kept.save()
        self.refused(look())
        kept.delete()
        self.refused(look())


class EnterTests(Case):
    """The view that sends people back to the server's own pages."""

    def enter(self, client: Client, **query: str) -> Any:
        with override_settings(GAMESERVER_URL="https://games.example/play", LOGIN_URL="/login/"):
            return client.get("/gameserver/enter/", query)

    def test_logged_in(self) -> None:
        """Back to the page that asked, with a ticket that only that page sees, and what it said."""
        account()
        answer = self.enter(self.browser(), next="https://games.example/play/quiz/?room=K7QM", state="abc")
        self.assertEqual(answer.status_code, 302)
        address, _, behind = answer["Location"].partition("#")
        self.assertEqual(address, "https://games.example/play/quiz/?room=K7QM")
        told = dict(parse_qsl(behind))
        self.assertEqual(told["state"], "abc")
        store = MemoryStore()
        store.start()
        shared = read_shared(settings.GAMESERVER_SECRET_FILE)
        tickets = Tickets(shared, store, lambda size: b"n" * size)
        token = self.successResultOf(tickets.redeem(told["ticket"], now_s=time.time()))
        users = DjangoTickets(shared, 32, "https://games.example/play")
        self.assertEqual(self.successResultOf(users.authenticate(token, now_s=time.time())).name, "ann")

    def test_nobody(self) -> None:
        """First to the project's own login, and then here again."""
        answer = self.enter(Client(), next="https://games.example/play/", state="abc")
        address, _, query = answer["Location"].partition("?")
        self.assertEqual(address, "/login/")
        self.assertIn("/gameserver/enter/?", dict(parse_qsl(query))["next"])

    def test_other_pages(self) -> None:
        """Nobody else is sent a ticket."""
        account()
        browser = self.browser()
        for wrong in ("https://evil.example/play/", "https://games.example.evil.example/play/", "//evil.example/play",
                      "https://games.example/other/", "https://games.example/playground", "/play/", "javascript:x",
                      "https://games.example@evil.example/play/", "http://games.example/play/", "\\evil.example",
                      "https://games.example/play/../other/", "https:games.example/play/"):  # fmt: skip
            self.assertEqual(self.enter(browser, next=wrong).status_code, 400, wrong)
        with override_settings(GAMESERVER_URL=""):
            self.assertEqual(browser.get("/gameserver/enter/", {"next": "https://games.example/"}).status_code, 400)

    def test_where_a_login_is_asked_everywhere(self) -> None:
        """A project with `LoginRequiredMiddleware` answers pages with JSON all the same."""
        if django.VERSION < (5, 1):
            raise SkipTest("Django has it since 5.1")
        asks = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
        client = Client()
        client.cookies["csrftoken"] = "x" * 32
        with override_settings(MIDDLEWARE=asks):
            answer = client.post("/gameserver/ticket/", HTTP_X_CSRFTOKEN="x" * 32)
        self.assertEqual((answer.status_code, json.loads(answer.content)["code"]), (401, "unauthenticated"))


class TagTests(Case):
    """``{% gameserver_room %}``."""

    def shown(self, user: Any, tag: str = '"trivia"', path: str = "/quiz/", **given: Any) -> str:
        request = RequestFactory().get(path)
        request.user = user
        with override_settings(**{"GAMESERVER_URL": "https://games.example/", "LOGIN_URL": "/login/", **given}):
            text = Template(f"{{% load gameserver %}}{{% gameserver_room {tag} %}}").render(
                Context({"request": request})
            )
            return str(text)

    def test_logged_in(self) -> None:
        """The game's page, which is told where tickets are, and the room of the page's address."""
        ann = account()
        for tag, path, query in (
            ('"trivia"', "/quiz/", ""),
            ('"trivia"', "/quiz/?room=K7%22QM", "?room=K7%22QM"),
            ('"trivia" room="ABCD" role="screen"', "/quiz/?room=K7QM", "?room=ABCD&amp;role=screen"),
        ):
            text = self.shown(ann, tag, path)
            self.assertIn(f'data-gameserver="https://games.example/play/trivia/{query}"', text)
            self.assertIn('name="gameserver" ', text)
            self.assertIn('data-ticket="/gameserver/ticket/"', text)
            self.assertRegex(text, r'data-csrf="\w{64}"')
            self.assertIn('src="/static/gameserver/room.js"', text.replace("static/", "/static/").replace("//", "/"))
        self.assertIn("/play/..%2F%22/", self.shown(ann, "'../\"'"))

    def test_where_no_ticket_can_be_sold(self) -> None:
        """The server knows the project's sessions by itself then: the frame asks nobody."""
        self.assertNotIn("name=", self.shown(account(), GAMESERVER_SECRET_FILE=None))

    def test_others(self) -> None:
        """They are led to the login, and back here."""
        text = self.shown(AnonymousUser(), path="/quiz/?room=K7QM")
        self.assertIn('href="/login/?next=/quiz/%3Froom%3DK7QM"', text)
        self.assertNotIn("iframe", text)

    def test_what_is_missing(self) -> None:
        """It is named."""
        for given, named in (({"GAMESERVER_URL": ""}, "GAMESERVER_URL"), ({}, "context_processors.request")):
            with self.assertRaises(ImproperlyConfigured) as raised:
                if given:
                    self.shown(account(), **given)
                Template("{% load gameserver %}{% gameserver_room 'trivia' %}").render(Context({}))
            self.assertIn(named, str(raised.exception))

    def test_static_files(self) -> None:
        """The client, and what the tag needs, are static files of the app."""
        for name in ("gameserver.js", "game-chat.js", "room.js"):
            found = finders.find(f"gameserver/{name}")
            self.assertIsNotNone(found, name)
            with open(found, encoding="utf-8") as file:
                self.assertTrue(file.read(), name)


def first_name(user: Any) -> str:
    """What this project shows."""
    return str(user.first_name)
