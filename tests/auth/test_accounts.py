"""Accounts: from the registration to the last logout, and everything that ends a login."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.auth import accounts, guests, hashing, invitations
from gameserver.auth.accounts import COOKIE
from gameserver.auth.invitations import Invitations
from gameserver.auth.logins import LOGINS
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Grant, User, UserRow
from gameserver.protocol.names import former_key, name_key
from tests.auth.kit import auth_context

PASSWORD = "correct horse"
DAY_S = 86_400


class AccountsTestCase(SynchronousTestCase):
    settings: dict[str, Any] = {"auth": ["guests", "accounts"]}

    def setUp(self) -> None:
        self.context = auth_context(**self.settings)
        self.accounts = accounts.make(self.context)
        self.guests = guests.make(self.context)
        self.revoked: list[tuple[str, str | None]] = self.context.reactor.revoked

    @property
    def now_s(self) -> float:
        return self.context.clock.now()

    def ok(self, done: Deferred[Any]) -> Any:
        return self.successResultOf(done)

    def refused(self, done: Deferred[Any], code: str) -> str:
        """:returns: the words of the refusal, which has this code."""
        error = self.failureResultOf(done, Refused).value
        self.assertEqual(error.code, code)
        return error.text

    def register(self, name: str = "Ann", password: str = PASSWORD, **more: Any) -> Grant:
        return self.ok(self.accounts.register(name, password, now_s=self.now_s, **more))

    def login(self, name: str = "Ann", password: str = PASSWORD) -> Deferred[Grant]:
        return self.accounts.login(name, password, now_s=self.now_s)

    def authenticate(self, token: str) -> Deferred[User]:
        return self.accounts.authenticate(token, now_s=self.now_s)

    def refresh(self, grant: Grant) -> Deferred[Grant]:
        assert grant.refresh is not None
        return self.accounts.refresh(grant.refresh, now_s=self.now_s)


class RegisterTests(AccountsTestCase):
    def test_register_and_login(self) -> None:
        """Who registered is logged in, and can log in again, as the same user, whatever the case."""
        made = self.register()
        self.assertEqual((made.user.name, made.expires_s), ("Ann", 900))
        again = self.ok(self.login("aNN"))
        self.assertEqual((again.user.id, again.user.name), (made.user.id, "Ann"))
        self.assertNotEqual(again.user.login, made.user.login)

    def test_names_that_look_alike(self) -> None:
        """Nobody gets a name that could be taken for another's."""
        self.register("Bill Gray")
        for name in ("Bill Gray", "bill gray", "BILL GRAY", "BiIl Gray", "B1ll Gray", "Bill_Gray", "Bi\u217cl Gray",
                     "\u0412ill Gr\u0430y", "\uff22ill Gray", "Bill  Gray", "Bill\u00a0Gray", "BillGray"):  # fmt: skip
            self.refused(self.accounts.register(name, PASSWORD, now_s=self.now_s), "name_taken")
        for name in ("Bill Grey", "Will Gray", "B\u00eell Gray", "\u5b89", "Bill"):
            self.register(name)

    def test_two_at_once(self) -> None:
        """Of two who register one name at the same moment one has it."""
        store: Any = self.context.users
        store.hold()
        both = [self.accounts.register("Ann", PASSWORD, now_s=self.now_s) for _ in range(2)]
        store.release()
        self.assertEqual(sorted(hasattr(each.result, "token") for each in both), [False, True])
        loser = next(each for each in both if not hasattr(each.result, "token"))
        self.refused(loser, "name_taken")

    def test_short_and_long_passwords(self) -> None:
        """Eight characters at least, and not a novel."""
        self.refused(self.accounts.register("Ann", "1234567", now_s=self.now_s), "bad_data")
        self.refused(self.accounts.register("Ann", "x" * 1025, now_s=self.now_s), "bad_data")
        self.register(password="\U0001f3b2" * 8)

    def test_store_keeps_no_password(self) -> None:
        """The row has an Argon2id hash, another for each, and neither password nor tokens."""
        store: Any = self.context.users
        ann, bob = self.register("Ann"), self.register("Bob")
        values = [self.ok(store.user(grant.user.id)).value for grant in (ann, bob)]
        for value, grant in zip(values, (ann, bob), strict=True):
            self.assertIn(b"$argon2id$v=19$m=8,t=1,p=1$", value)
            for secret in (PASSWORD, grant.token, grant.refresh):
                self.assertNotIn(str(secret).encode(), value)
        self.assertNotEqual(values[0].partition(b"argon2id")[2][:60], values[1].partition(b"argon2id")[2][:60])

    def test_store_away(self) -> None:
        """While the store is away nobody is told no: nobody knows."""
        grant = self.register()
        store: Any = self.context.users
        store.fail = StoreUnavailable("away")
        for asked in (self.login(), self.authenticate(grant.token), self.refresh(grant)):
            self.failureResultOf(asked, StoreUnavailable)
        store.fail = None
        self.ok(self.refresh(grant))


class FormerNamesTests(AccountsTestCase):
    """Accounts that were stored when names were compared with less knowledge."""

    settings = {"auth": ["accounts"], "admins": ["Root", "\u0418\u0432\u0430\u043d"]}
    ROOT, LIKE_ROOT, IVAN = "Root", "Roo\u0442", "\u0418\u0432\u0430\u043d"

    def store_as_before(self, name: str) -> str:
        """Register as an older version did; :returns: the id."""
        before = [mock.patch.object(module, "name_key", former_key) for module in (accounts, invitations)]
        with before[0], before[1]:
            invite = Invitations(self.context.secrets).make(name)
            return self.register(name, invitation=invite).user.id

    def key_of(self, id: str) -> str | None:
        row: UserRow = self.ok(self.context.users.user(id))
        return row.name_key

    def test_found_and_renamed(self) -> None:
        """An account is found by its name, keeps its rights, and is stored in the present form from its next login."""
        id = self.store_as_before(self.IVAN)
        self.assertEqual(self.key_of(id), former_key(self.IVAN))
        self.refused(self.accounts.register(self.IVAN, PASSWORD, now_s=self.now_s), "forbidden")
        for _ in range(2):
            user = self.ok(self.login(self.IVAN)).user
            self.assertEqual((user.id, user.rights), (id, ("admin",)))
            self.assertEqual(self.key_of(id), name_key(self.IVAN))

    def test_both_keep_their_names(self) -> None:
        """Of two that count as alike by now, each logs in with its own name, and neither gets the other's rights."""
        like = self.store_as_before(self.LIKE_ROOT)
        root = self.store_as_before(self.ROOT)
        for _ in range(2):
            user = self.ok(self.login(self.LIKE_ROOT)).user
            self.assertEqual((user.id, user.rights), (like, ()))
            user = self.ok(self.login(self.ROOT)).user
            self.assertEqual((user.id, user.rights), (root, ("admin",)))

    def test_alike_alone_gets_no_rights(self) -> None:
        """Where nobody has registered the name that has rights, whoever looked like it does not get them."""
        like = self.store_as_before(self.LIKE_ROOT)
        user = self.ok(self.login(self.LIKE_ROOT)).user
        self.assertEqual((user.id, user.rights), (like, ()))
        self.assertEqual(self.key_of(like), former_key(self.LIKE_ROOT))


class GuestTests(AccountsTestCase):
    def test_guest_becomes_account(self) -> None:
        """The account has the guest's id, and so the guest's seats; the guest's token is over."""
        guest, token = self.guests.guest("Ann")
        made = self.register("Anna", guest=guest)
        self.assertEqual((made.user.id, made.user.name), (guest.id, "Anna"))
        self.assertEqual(self.ok(self.authenticate(made.token)).id, guest.id)
        self.refused(self.guests.authenticate(token, now_s=self.now_s), "unauthenticated")

    def test_guest_twice(self) -> None:
        """A guest becomes one account; an account none."""
        guest, _ = self.guests.guest("Ann")
        made = self.register("Anna", guest=guest)
        self.refused(self.accounts.register("Other", PASSWORD, guest=guest, now_s=self.now_s), "forbidden")
        stranger = User("jwt:1", "Eve")
        self.refused(self.accounts.register("Eve", PASSWORD, guest=stranger, now_s=self.now_s), "forbidden")
        self.assertEqual(self.ok(self.login("Anna")).user.id, made.user.id)

    def test_deleted_account_leaves_no_guest(self) -> None:
        """Once the account is deleted, the guest's old token does not come to life; the name is free."""
        guest, token = self.guests.guest("Ann")
        made = self.register("Anna", guest=guest)
        self.ok(self.accounts.delete(made.user, PASSWORD, now_s=self.now_s))
        self.refused(self.guests.authenticate(token, now_s=self.now_s), "unauthenticated")
        self.refused(self.login("Anna"), "unauthenticated")
        self.register("Anna")


class LoginTests(AccountsTestCase):
    def test_wrong_and_unknown_are_the_same(self) -> None:
        """Neither the words nor the work tell whether an account exists."""
        self.register()
        verified: list[str | None] = []
        hasher = self.context.hasher
        verify = hasher.verify

        def watched(kept: str | None, password: str) -> Deferred[bool]:
            verified.append(kept)
            return verify(kept, password)

        self.patch(hasher, "verify", watched)
        wrong = self.refused(self.login("Ann", "wrong password"), "unauthenticated")
        unknown = self.refused(self.login("Nobody", "wrong password"), "unauthenticated")
        self.assertEqual(wrong, unknown)
        self.assertEqual(len(verified), 2)
        self.assertIsNone(verified[1])

    def test_nobodys_password(self) -> None:
        """No password is that of nobody, not even an empty one."""
        for password in ("", "nobody's", PASSWORD, "\0", "\ud800"):
            self.refused(self.login("Nobody", password), "unauthenticated")

    def test_a_thousand_wrong_passwords(self) -> None:
        """None of a thousand guesses lets in, and the right one still does; who holds guessers back is `Delays`."""
        self.register()
        for n in range(1000):
            self.refused(self.login("Ann", f"guess {n}"), "unauthenticated")
        self.ok(self.login())

    def test_new_cost(self) -> None:
        """A hash of another cost is renewed when its owner logs in."""
        from twisted.internet.defer import execute

        from gameserver.auth.hashing import Cost, Hasher

        self.register()
        self.accounts._hasher = Hasher(execute, cost=Cost(memory_kib=16, passes=1))
        grant = self.ok(self.login())
        store: Any = self.context.users
        self.assertIn(b"$m=16,t=1", self.ok(store.user(grant.user.id)).value)
        self.ok(self.login())

    def test_old_spelling(self) -> None:
        """A password that was hashed as it was typed still lets in, and from then on however it is typed."""
        long, short = "correct ho\u0308rse", "correct h\u00f6rse"
        with mock.patch.object(hashing, "normal_form", lambda password: password):
            self.register(password=long)
        self.refused(self.login(password=short), "unauthenticated")
        self.ok(self.login(password=long))
        self.ok(self.login(password=short))

    def test_length_of_a_password(self) -> None:
        """It is counted in the form that is hashed."""
        self.refused(self.accounts.register("Ann", "a\u0308" * 7, now_s=self.now_s), "bad_data")
        self.register(password="a\u0308" * 8)

    def test_most_devices(self) -> None:
        """One login more than a user may have ends the one that was used least recently, and its connections."""
        first = self.register()
        second = self.ok(self.login())
        first = self.ok(self.refresh(first))
        for _ in range(LOGINS - 1):
            self.ok(self.login())
        self.refused(self.authenticate(second.token), "unauthenticated")
        self.ok(self.authenticate(first.token))
        self.assertEqual(self.revoked, [(second.user.id, second.user.login)])


class RefreshTests(AccountsTestCase):
    def test_rotation(self) -> None:
        """Each refresh gives the next tokens of the same login."""
        grant = self.register()
        for _ in range(5):
            self.context.reactor.advance(1)
            following = self.ok(self.refresh(grant))
            self.assertNotEqual((following.token, following.refresh), (grant.token, grant.refresh))
            self.assertEqual(following.user, grant.user)
            grant = following
        self.ok(self.authenticate(grant.token))

    def test_reuse_revokes_the_family(self) -> None:
        """A refresh token that is used twice ends its login: the thief's tokens and the owner's; other devices stay."""
        first, other = self.register(), self.ok(self.login())
        second = self.ok(self.refresh(first))
        self.refused(self.refresh(first), "unauthenticated")
        self.assertEqual(self.revoked, [(first.user.id, first.user.login)])
        self.refused(self.refresh(second), "unauthenticated")
        for token in (first.token, second.token):
            self.refused(self.authenticate(token), "unauthenticated")
        self.ok(self.authenticate(other.token))
        self.ok(self.refresh(other))

    def test_twice_at_once(self) -> None:
        """Two at the same moment count as two, in whatever order the store does them."""
        grant = self.register()
        store: Any = self.context.users
        store.hold()
        both = [self.refresh(grant) for _ in range(2)]
        store.release()
        self.assertEqual(sorted(hasattr(each.result, "token") for each in both), [False, True])
        for each in both:
            each.addErrback(lambda failure: failure.trap(Refused))
        self.refused(self.authenticate(grant.token), "unauthenticated")

    def test_unused_login_ends(self) -> None:
        """A login that nobody used for thirty days is over; one that is refreshed goes on."""
        grant = self.register()
        for _ in range(3):
            self.context.reactor.advance(29 * DAY_S)
            grant = self.ok(self.refresh(grant))
        self.context.reactor.advance(30 * DAY_S + 1)
        self.refused(self.refresh(grant), "unauthenticated")

    def test_kinds_of_tokens(self) -> None:
        """A refresh token proves nobody, and a token refreshes nothing."""
        grant = self.register()
        assert grant.refresh is not None
        self.assertFalse(self.accounts.owns(grant.refresh))
        self.refused(self.authenticate(grant.refresh), "unauthenticated")
        self.refused(self.authenticate("accounts" + grant.refresh[len("refresh") :]), "unauthenticated")
        self.refused(self.accounts.refresh(grant.token, now_s=self.now_s), "unauthenticated")
        self.refused(
            self.accounts.refresh("refresh" + grant.token[len("accounts") :], now_s=self.now_s), "unauthenticated"
        )


class EndTests(AccountsTestCase):
    def test_logout(self) -> None:
        """This device is out at once, with its connections; others are not. Logging out again does no harm."""
        ann, other = self.register(), self.ok(self.login())
        for _ in range(2):
            self.ok(self.accounts.logout(ann.token, now_s=self.now_s))
        self.refused(self.authenticate(ann.token), "unauthenticated")
        self.refused(self.refresh(ann), "unauthenticated")
        self.ok(self.authenticate(other.token))
        self.assertEqual(set(self.revoked), {(ann.user.id, ann.user.login)})

    def test_logout_by_refresh_token_and_by_cookie(self) -> None:
        """Whatever token a device has left, it may log out with it; even one that has expired."""
        for kind in ("refresh", "cookie", "token"):
            grant = self.register(f"Ann {kind}")
            token = {"refresh": grant.refresh, "cookie": self.accounts.cookie(grant, now_s=0), "token": grant.token}[
                kind
            ]
            self.context.reactor.advance(1000)
            self.ok(self.accounts.logout(str(token), now_s=self.now_s))
            self.refused(self.refresh(grant), "unauthenticated")
        self.refused(self.accounts.logout("refresh.x.y", now_s=self.now_s), "unauthenticated")

    def test_change_password(self) -> None:
        """Everybody is out but who changed it, and the old password is no more."""
        ann, other = self.register(), self.ok(self.login())
        changed = self.ok(self.accounts.change_password(ann.user, PASSWORD, "battery staple", now_s=self.now_s))
        for grant in (ann, other):
            self.refused(self.authenticate(grant.token), "unauthenticated")
            self.refused(self.refresh(grant), "unauthenticated")
        self.assertIn((ann.user.id, None), self.revoked)
        self.ok(self.authenticate(changed.token))
        self.ok(self.refresh(changed))
        self.refused(self.login(), "unauthenticated")
        self.ok(self.login(password="battery staple"))

    def test_change_password_needs_the_old_one(self) -> None:
        """A token that was found on a table changes no password."""
        ann = self.register()
        change = self.accounts.change_password
        self.refused(change(ann.user, "wrong password", "battery staple", now_s=self.now_s), "wrong_password")
        self.refused(change(ann.user, PASSWORD, "short", now_s=self.now_s), "bad_data")
        self.assertEqual(self.revoked, [])
        self.ok(self.login())

    def test_delete(self) -> None:
        """Who is deleted is gone, with the name and every login; for that the password is needed."""
        ann = self.register()
        self.refused(self.accounts.delete(ann.user, "wrong password", now_s=self.now_s), "wrong_password")
        self.ok(self.accounts.delete(ann.user, PASSWORD, now_s=self.now_s))
        for gone in (self.login(), self.authenticate(ann.token), self.refresh(ann)):
            self.refused(gone, "unauthenticated")
        self.assertEqual(self.revoked[-1], (ann.user.id, None))
        store: Any = self.context.users
        self.assertIsNone(self.ok(store.user(ann.user.id)))
        self.assertNotEqual(self.register().user.id, ann.user.id)

    def test_revoked_after_it_is_stored(self) -> None:
        """Connections are closed when the store has it, and not before: they could come back."""
        ann = self.register()
        store: Any = self.context.users
        store.hold()
        done = self.accounts.logout(ann.token, now_s=self.now_s)
        store.release(1)
        self.assertEqual((self.revoked, store.in_flight), ([], 1))
        store.release()
        self.ok(done)
        self.assertEqual(self.revoked, [(ann.user.id, ann.user.login)])


class CookieTests(AccountsTestCase):
    def by_cookie(self, **cookies: str) -> Deferred[Grant | None]:
        return self.accounts.authenticate_cookies(cookies, now_s=self.now_s)

    def test_cookie(self) -> None:
        """A cookie brings the user's token, as long as its login lasts; it is no token itself."""
        grant = self.register()
        cookie = self.accounts.cookie(grant, now_s=self.now_s)
        found = self.ok(self.by_cookie(**{COOKIE: cookie}))
        self.assertEqual((found.user, found.refresh), (grant.user, None))
        self.ok(self.authenticate(found.token))
        self.assertFalse(self.accounts.owns(cookie))
        self.ok(self.accounts.logout(cookie, now_s=self.now_s))
        self.refused(self.by_cookie(**{COOKIE: cookie}), "unauthenticated")

    def test_no_cookie_of_ours(self) -> None:
        """Other cookies are none of our business; a forged one is refused."""
        self.assertIsNone(self.ok(self.by_cookie(theme="dark")))
        grant = self.register()
        for forged in ("", "x", grant.token, "cookie" + grant.token[len("accounts") :], str(grant.refresh)):
            self.refused(self.by_cookie(**{COOKIE: forged}), "unauthenticated")


class RightsTests(AccountsTestCase):
    settings = {"auth": ["accounts"], "admins": ["Ann"], "moderators": ["Bob", "ann"]}

    def test_rights(self) -> None:
        """Rights are those that settings give the name, by whatever token."""
        invite = Invitations(self.context.secrets).make
        ann = self.register("Ann", invitation=invite("Ann"))
        self.assertEqual(ann.user.rights, ("admin", "moderator"))
        self.assertEqual(self.ok(self.authenticate(ann.token)).rights, ("admin", "moderator"))
        self.assertEqual(self.register("Bob", invitation=invite("bob")).user.rights, ("moderator",))
        self.assertEqual(self.register("Eve").user.rights, ())

    def test_name_of_an_administrator_needs_an_invitation(self) -> None:
        """Who comes first does not become administrator, nor who looks like one."""
        for name, invitation in (("Ann", None), ("ann", "x"), ("\u0410nn", None),
                                 ("Ann", Invitations([b"x" * 32]).make("Ann")),
                                 ("Ann", Invitations(self.context.secrets).make("Bob"))):  # fmt: skip
            asked = self.accounts.register(name, PASSWORD, invitation=invitation, now_s=self.now_s)
            self.refused(asked, "forbidden")


class InvitedTests(AccountsTestCase):
    settings = {"auth": ["accounts"], "registration": "invited"}

    def test_invitation(self) -> None:
        """Who was invited may register that name, and no other."""
        invitation = Invitations(self.context.secrets).make("Ann")
        self.refused(self.accounts.register("Ann", PASSWORD, now_s=self.now_s), "forbidden")
        self.refused(self.accounts.register("Eve", PASSWORD, invitation=invitation, now_s=self.now_s), "forbidden")
        self.register("Ann", invitation=f" {invitation.upper()} ")
