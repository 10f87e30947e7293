"""
Every session suite again, spoken in MessagePack, and by peers of all forms at once.

With mixed forms whoever comes back speaks another form than before: what was kept of the one is replayed in the other.
"""

from __future__ import annotations

from types import ModuleType

from gameserver.protocol.messages import Form
from tests.websocket import (
    test_page,
    test_session_chat,
    test_session_create_join_match,
    test_session_errors,
    test_session_exactly_once,
    test_session_groups_and_secrets,
    test_session_hello,
    test_session_limits,
    test_session_lives,
    test_session_numbers,
    test_session_one_counter,
    test_session_order,
    test_session_resume,
    test_session_sizes,
)
from tests.websocket.kit import WireTestCase

MODULES: tuple[ModuleType, ...] = (
    test_session_chat,
    test_session_create_join_match,
    test_session_errors,
    test_session_exactly_once,
    test_session_groups_and_secrets,
    test_session_hello,
    test_session_limits,
    test_session_lives,
    test_session_numbers,
    test_session_one_counter,
    test_session_sizes,
    test_page,
    test_session_order,
    test_session_resume,
)
OF_JSON_ALONE = ("MalformedTests", "LongNumberTests", "BytesTests")
"""Their frames are JSON, or none; `test_arrays` and `test_session_packed` have those of the other form."""
FORMS = {"Packed": (Form.PACKED,), "Columns": (Form.COLUMNS,), "Mixed": (Form.JSON, Form.PACKED, Form.COLUMNS)}

for module in MODULES:
    for name, suite in list(vars(module).items()):
        if not (isinstance(suite, type) and issubclass(suite, WireTestCase) and name.endswith("Tests")):
            continue
        if name in OF_JSON_ALONE:
            continue
        for word, forms in FORMS.items():
            globals()[f"{word}{name}"] = type(f"{word}{name}", (suite,), {"forms": forms, "__module__": __name__})
del suite
