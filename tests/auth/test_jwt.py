"""Tokens of another service: which are accepted, what they mean, and every way in which one is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.auth.jwt import TOKEN_CHARS, JwtUsers
from gameserver.auth.jwt_keys import KeyFile
from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.settings.foreign import Jwt
from tests.auth.jwt_kit import (
    AUDIENCE,
    EC,
    ISSUER,
    OTHER_RSA,
    RSA,
    SECRET,
    WEAK_RSA,
    b64,
    by_hand,
    claims,
    entry,
    file_of,
    hs256,
    private_pem,
    public_pem,
)

NOW_S = 1_767_225_600


class JwtCase(SynchronousTestCase):
    """A server that believes one issuer."""

    def users(self, content: bytes = public_pem(RSA), **wish: Any) -> JwtUsers:
        keys = KeyFile(file_of(self.mktemp(), content))
        return JwtUsers(Jwt(**{"issuer": ISSUER, "audience": (AUDIENCE,), **wish}), keys, 32)

    def proves(self, token: str, users: JwtUsers | None = None, now_s: float = NOW_S) -> User:
        return self.successResultOf((users or self.users()).authenticate(token, now_s=now_s))

    def refused(self, token: str, users: JwtUsers | None = None, now_s: float = NOW_S) -> str:
        """:returns: the text; it never holds what was sent."""
        failure = self.failureResultOf((users or self.users()).authenticate(token, now_s=now_s), Refused)
        refused: Any = failure.value
        self.assertEqual(refused.code, "unauthenticated", refused.text)
        for part in token.split("."):
            if len(part) > 12:
                self.assertNotIn(part, refused.text)
        return str(refused.text)


def signed(key: Any = RSA, algorithm: str = "RS256", headers: dict[str, Any] | None = None, **more: Any) -> str:
    """:returns: a token as a service makes it."""
    return jwt.encode(claims(NOW_S, **more), key, algorithm, headers)


class GoodTests(JwtCase):
    def test_each_algorithm(self) -> None:
        """A secret, an RSA key and an elliptic curve's, each from a file."""
        for content, key, algorithm in (
            (SECRET, SECRET, "HS256"),
            (SECRET + b"\r\n", SECRET, "HS256"),
            (public_pem(RSA), RSA, "RS256"),
            (public_pem(EC), EC, "ES256"),
        ):
            user = self.proves(signed(key, algorithm), self.users(content))
            self.assertEqual((user.name, user.rights), ("Ann", ()))

    def test_ids_of_two_issuers_never_meet(self) -> None:
        """Issuer and subject stand in the id so that no other pair makes the same."""
        ids = set()
        for issuer, subject in (
            ("https://a", "b:c"),
            ("https://a:b", "c"),
            ("https", "//a:b:c"),
            ("https://a%3Ab", "c"),
        ):
            token = signed(iss=issuer, sub=subject)
            ids.add(self.proves(token, self.users(issuer=issuer)).id)
        self.assertEqual(len(ids), 4)
        self.assertIn("jwt:https%3A%2F%2Fa:b:c", ids)

    def test_claims_are_mapped(self) -> None:
        """Id, name and rights from the claims that the operator names, also from inside others."""
        users = self.users(
            id_claim="uid",
            name_claim="profile.nick",
            rights_claim="realm_access.roles",
            rights=("boss=admin", "boss=moderator", "game=master=moderator"),
        )
        token = signed(uid=12, profile={"nick": "Bo"}, realm_access={"roles": ["boss", "other", 5]})
        user = self.proves(token, users)
        self.assertEqual((user.id.rpartition(":")[2], user.name, user.rights), ("12", "Bo", ("admin", "moderator")))
        user = self.proves(signed(uid="12", **{"realm_access.roles": "x game=master"}), users)
        self.assertEqual((user.name, user.rights), ("Player", ("moderator",)))

    def test_rights_only_where_asked_for(self) -> None:
        """Without a claim for it nobody has rights, and no claim of another shape gives any."""
        self.assertEqual(self.proves(signed(rights=["admin"], roles="admin")).rights, ())
        users = self.users(rights_claim="rights")
        for found in ({"admin": True}, 5, True, [["admin"]], "administrator", "Admin", [None]):
            self.assertEqual(self.proves(signed(rights=found), users).rights, (), found)
        self.assertEqual(self.proves(signed(rights="admin"), users).rights, ("admin",))

    def test_names_are_made_to_fit(self) -> None:
        """Nobody is turned away for a name, and none brings what a name may not have."""
        for theirs, name in (
            ("  Ann  Bo ", "Ann Bo"),
            ("a\u202eb", "ab"),
            ("x" * 500, "x" * 32),
            ("\u200b\n", "Player"),
            ("", "Player"),
            (5, "Player"),
            (["Ann"], "Player"),
            (None, "Player"),
        ):
            self.assertEqual(self.proves(signed(name=theirs)).name, name)

    def test_audiences(self) -> None:
        """One of the token's audiences must be one of ours."""
        users = self.users(audience=("games", "chess"))
        for audience in ("chess", ["x", "chess"], ["games", "chess"]):
            self.proves(signed(aud=audience), users)

    def test_leeway(self) -> None:
        """So far the two clocks may differ, and no further."""
        users = self.users(leeway_s=10.0)
        token = signed(exp=NOW_S, nbf=NOW_S - 60)
        self.proves(token, users, NOW_S + 9)
        self.assertIn("expired", self.refused(token, users, NOW_S + 10))
        for claim in ("nbf", "iat"):
            token = signed(**{claim: NOW_S + 10})
            self.proves(token, users, NOW_S)
            self.assertIn("not valid yet", self.refused(token, users, NOW_S - 1))


class BadTests(JwtCase):
    def test_expired(self) -> None:
        """Too late is too late."""
        self.assertIn("expired", self.refused(signed(exp=NOW_S - 31)))
        self.assertIn("expired", self.refused(signed(exp=-1)))

    def test_not_yet_valid(self) -> None:
        """And too early too early, by each claim that may say so."""
        self.assertIn("not valid yet", self.refused(signed(nbf=NOW_S + 60)))
        self.assertIn("not valid yet", self.refused(signed(iat=NOW_S + 60)))

    def test_wrong_signature(self) -> None:
        """Another's key, and a token whose claims were changed."""
        self.assertIn("not signed by", self.refused(signed(OTHER_RSA)))
        self.refused(signed(b"x" * 32, "HS256"), self.users(SECRET))
        header, _, signature = signed().split(".")
        _, other, _ = signed(sub="1").split(".")
        self.refused(f"{header}.{other}.{signature}")

    def test_no_algorithm(self) -> None:
        """``alg: none`` in every spelling, with and without a signature."""
        good = signed().rpartition(".")[2]
        for alg in ("none", "None", "NONE", "nOnE", "", None, 5, ["RS256"], "HS256,RS256"):
            header = {"typ": "JWT", "alg": alg}
            self.refused(by_hand(header, claims(NOW_S)))
            self.refused(by_hand(header, claims(NOW_S)) + good)
        self.refused(by_hand({"typ": "JWT"}, claims(NOW_S)))

    def test_key_confusion(self) -> None:
        """A public key, which everybody has, is no secret: signing with it as one proves nothing."""
        for key in (RSA, EC):
            pem = public_pem(key)
            for secret in (pem, pem.strip(), pem.replace(b"\n", b""), b"", private_pem(key)):
                token = by_hand({"alg": "HS256", "typ": "JWT"}, claims(NOW_S), hs256(secret))
                self.refused(token, self.users(pem))
        self.refused(signed(EC, "ES256"), self.users(public_pem(RSA)))
        self.refused(signed(RSA), self.users(SECRET))

    def test_key_in_the_token(self) -> None:
        """A token that brings its own key, or says where it is, is not asked."""
        for more in ({"jwk": entry(OTHER_RSA)}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example"}):
            self.refused(signed(OTHER_RSA, headers=more))

    def test_other_algorithms(self) -> None:
        """A good key, but not as it is used here."""
        for algorithm in ("RS512", "PS256"):
            self.refused(signed(RSA, algorithm))
        self.refused(signed(SECRET * 2, "HS512"), self.users(SECRET * 2))

    def test_wrong_issuer(self) -> None:
        """Somebody else's, or nobody's."""
        for issuer in ("https://evil.example", f"{ISSUER}/", ISSUER.upper(), "", [ISSUER], 5, None):
            payload = {**claims(NOW_S), "iss": issuer}
            self.refused(self.by_rsa({name: value for name, value in payload.items() if value is not None}))

    def test_wrong_audience(self) -> None:
        """A token for another service of the same issuer, or for none."""
        for audience in ("shop", ["shop"], [], "", "game", "Games", None, {"games": 1}, 5, [["games"]]):
            self.refused(self.by_rsa({k: v for k, v in {**claims(NOW_S), "aud": audience}.items() if v is not None}))

    def test_says_too_little(self) -> None:
        """Without an end, or a subject, or with ones that are none."""
        for more in ({"exp": None}, {"exp": "tomorrow"}, {"exp": True}, {"exp": [1]}, {"nbf": "x"}, {"iat": {}},
                     {"sub": None}, {"sub": ""}, {"sub": "x" * 256}, {"sub": ["7"]}, {"sub": True}, {"sub": 1.5},
                     {"sub": "a\nb"}, {"sub": "a\u202eb"}):  # fmt: skip
            self.refused(self.by_rsa(claims(NOW_S, **more)))
        for number in (b"NaN", b"1e999", b"-1e999", b"9" * 400):
            body = b'{"iss":"%s","aud":"games","sub":"7","exp":%s}' % (ISSUER.encode(), number)
            users, signature = self.users(), jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
            token = by_hand({"alg": "RS256"}, body, lambda text, signer=signature: signer.sign(text, RSA))
            if number in (b"1e999", b"9" * 400):
                self.proves(token, users)
            else:
                self.refused(token, users)

    def test_no_object(self) -> None:
        """Signed, and yet not claims at all."""
        for payload in (b"5", b"[]", b"null", b'"x"', b"\xff", b"{", b"[" * 3000, b""):
            self.refused(self.by_rsa(payload))

    def test_critical_header(self) -> None:
        """What must be understood and is not."""
        self.refused(signed(headers={"crit": ["exp"], "exp": 1}))
        self.refused(by_hand({"alg": "RS256", "crit": ["b64"], "b64": False}, claims(NOW_S)))

    def test_oversized(self) -> None:
        """Whatever is longer than a header of HTTP is not even looked at."""
        token = signed(name="x" * TOKEN_CHARS)
        self.assertFalse(self.users().owns(token))
        self.refused(token)

    def test_other_spelling(self) -> None:
        """One token has one spelling: what decodes to the same bytes is refused."""
        for users, key, algorithm in ((self.users(SECRET), SECRET, "HS256"), (self.users(public_pem(EC)), EC, "ES256")):
            token = signed(key, algorithm)
            self.proves(token, users)
            for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
                if last != token[-1]:
                    self.refused(token[:-1] + last, users)
            for forged in (f"{token}=", f"{token}A", f"{token}.", token.replace("-", "+").replace("_", "/") + "=="):
                self.refused(forged, users)

    def test_not_owned(self) -> None:
        """What does not look like one is left to others."""
        users = self.users()
        for token in ("", ".", "..", "guests.x.y", "eyJ", "eyJ.", "eyJ.eyJ", "a.b.c", "eyJ\u00e4.b.c", "eyJ.b.c.d.e",
                      " eyJ.b.c", "eyJ.b.c\n", "eyJ.b.c "):  # fmt: skip
            self.assertFalse(users.owns(token), token)
            self.refused(token, users)

    @given(st.text(max_size=200) | st.binary(max_size=100).map(lambda data: f"eyJ{b64(data)}.{b64(data)}.{b64(data)}"))
    def test_anything(self, token: str) -> None:
        """Nothing that can be sent raises anything else."""
        self.refused(token, JwtUsers(Jwt(issuer=ISSUER, audience=(AUDIENCE,)), _Never(), 32))

    def by_rsa(self, payload: Any) -> str:
        signer = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        return by_hand({"alg": "RS256", "typ": "JWT"}, payload, lambda text: signer.sign(text, RSA))


class _Never:
    """Keys that fit nothing."""

    def find(self, key_id: str | None, algorithm: str) -> Any:
        raise Refused(code="unauthenticated")


class KeyFileTests(JwtCase):
    def test_files_that_cannot_be_used(self) -> None:
        """The error says why, and repeats nothing of the file."""
        p384 = ec.generate_private_key(ec.SECP384R1())
        for content, mode, said in (
            (b"short\n", 0o600, "32 bytes"),
            (SECRET, 0o640, "chmod 600"),
            (public_pem(WEAK_RSA), 0o644, "2048"),
            (public_pem(p384), 0o644, "P-256"),
            (private_pem(RSA), 0o600, "no public key"),
            (b"-----BEGIN NOTHING-----", 0o644, "no public key"),
            (b"", 0o600, "32 bytes"),
        ):
            error = self.assertRaises(ValueError, KeyFile, file_of(self.mktemp(), content, mode))
            self.assertIn(said, str(error))
            self.assertNotIn("secret of thirty", str(error))
            self.assertNotIn("MII", str(error))
        self.assertRaises(OSError, KeyFile, Path("/nowhere/key.pem"))

    def test_reload(self) -> None:
        """The key is read again when that is asked for; one that cannot be used leaves the one before it."""
        path = file_of(self.mktemp(), public_pem(RSA), 0o644)
        file = KeyFile(path)
        users = JwtUsers(Jwt(issuer=ISSUER, audience=(AUDIENCE,)), file, 32)
        path.write_bytes(public_pem(OTHER_RSA))
        self.proves(signed(RSA), users)
        file.reload()
        self.proves(signed(OTHER_RSA), users)
        self.refused(signed(RSA), users)
        path.write_bytes(b"nothing")
        file.reload()
        self.proves(signed(OTHER_RSA), users)

    def test_repr_tells_nothing(self) -> None:
        """What a log shows of users and keys holds no secret."""
        users = self.users(SECRET)
        key = self.successResultOf(KeyFile(file_of(self.mktemp(), SECRET)).find(None, "HS256"))
        shown = repr(users) + repr(vars(users)) + repr(key) + repr([vars(users._keys)])
        self.assertNotIn("thirty-two", shown)
        self.assertIn(ISSUER, shown)
