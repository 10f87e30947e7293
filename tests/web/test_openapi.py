"""The description of the HTTP calls: it has every call, and no other."""

from __future__ import annotations

import re

from gameserver.web import openapi, shapes
from gameserver.web.answers import STATUS
from gameserver.web.calls import app
from tests.web.test_api import ApiTests


class DescriptionTests(ApiTests):
    def setUp(self) -> None:
        super().setUp()
        self.described = self.node.ask("GET", "/api/openapi.json").json

    def test_every_call(self) -> None:
        """Each route is described with each of its methods, and nothing else is."""
        routes = {
            (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or ()) - {"HEAD", "OPTIONS"}
        }
        described = {(path, method) for path, methods in self.described["paths"].items() for method in methods}
        self.assertEqual(described, routes)

    def test_references(self) -> None:
        """Every reference leads somewhere."""
        schemas = self.described["components"]["schemas"]
        names = set(re.findall(r"#/components/schemas/(\w+)", str(self.described)))
        self.assertLessEqual(names, set(schemas))
        self.assertLessEqual({"Granted", "Ticket", "Listing", "Problem"}, names)

    def test_described_where_it_is_answered(self) -> None:
        """A call is described by its method's docstring, and by what its decorator says; its body is read by that."""
        guest = self.described["paths"]["/api/guest"]["post"]
        self.assertEqual(guest["summary"], "Make a guest.")
        body = guest["requestBody"]["content"]["application/json"]["schema"]
        self.assertEqual(body, {"$ref": "#/components/schemas/GuestWish"})
        self.assertEqual(set(guest["responses"]), {"200", "400", "401", "403", "409", "413", "429"})
        for path, methods in self.described["paths"].items():
            for operation in methods.values():
                self.assertRegex(operation["summary"], r"^[A-Z].*\.$", path)
                self.assertIn("429", operation["responses"], path)  # an address may ask too often for anything

    def test_statuses(self) -> None:
        """What may go wrong is described with a status that the calls know."""
        known = {*STATUS.values(), 409}
        self.assertLessEqual(set(openapi.PROBLEMS), known)
        self.assertEqual({status for call in app.described for status in call.all_problems}, set(openapi.PROBLEMS))

    def test_bodies(self) -> None:
        """A call that takes a body says which, and a body that is not needed is not asked for."""
        for path, methods in self.described["paths"].items():
            for method, operation in methods.items():
                if method == "get":
                    self.assertNotIn("requestBody", operation, path)
        register = self.described["paths"]["/api/register"]["post"]["requestBody"]
        self.assertEqual(
            register["content"]["application/json"]["schema"], {"$ref": "#/components/schemas/Registration"}
        )
        self.assertEqual(self.described["components"]["schemas"]["Registration"]["required"], ["name", "password"])

    def test_passwords_are_never_given(self) -> None:
        """No answer has a field for a password."""
        for call in app.described:
            if isinstance(call.gives, type):
                self.assertNotIn("password", call.gives.__struct_fields__, call.path)
        self.assertIn("password", shapes.Credentials.__struct_fields__)
