"""
What runs inside a real Django project.

Trial's own run has no Django: ``tests.e2e.test_django`` makes a project for each release, and runs `suite` in a process
of its own there. Hence no module here is named ``test_``.
"""
