"""Makes a Django project as its own ``startproject`` does, with SQLite, two groups and some people."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
RELEASES: Final = {name: ROOT / ".venv" / f"django-{name}" for name in ("4.2", "5.2")}
"""The oldest long-term release that is admitted, and the newest that Python 3.11 runs."""

WAIT_S: Final = 120

SETTINGS: Final = """
import os
GAMESERVER_URL = os.environ.get("GAMES_URL", "")
GAMESERVER_NODES = os.environ.get("GAMES_NODES", "").split()
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
INSTALLED_APPS += ["gameserver.django"]
PASSWORD_HASHERS = ["shop.hashers.Quick"]
GAMESERVER_SECRET_FILE = BASE_DIR / "shared.secret"
GAMESERVER_RIGHTS = {
    "is_superuser": ["admin", "moderator"],
    "is_staff": ["moderator"],
    "groups": {"Referees": ["moderator"], "Owners": ["admin"]},
}
TIME_ZONE = "Asia/Tokyo"
from importlib.util import find_spec
if find_spec("axes"):
    INSTALLED_APPS += ["axes", "django_otp", "django_otp.plugins.otp_static"]
    AXES_ENABLED = False
    AXES_FAILURE_LIMIT = 3
    SILENCED_SYSTEM_CHECKS = ["axes.W002", "axes.W003"]
if os.environ.get("SHOP_ADMITS"):
    GAMESERVER_ADMITS = os.environ["SHOP_ADMITS"]
    GAMESERVER_PASSWORDS = False
if os.environ.get("SHOP_KEYS"):
    SECRET_KEY, *SECRET_KEY_FALLBACKS = os.environ["SHOP_KEYS"].split()
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/gameserver/me"
"""

HASHERS: Final = """
from django.contrib.auth.hashers import PBKDF2PasswordHasher

class Quick(PBKDF2PasswordHasher):
    "Passwords of tests need not last: each would cost half a second."
    iterations = 10
"""

URLS: Final = """
from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.urls import include, path
from django.views.generic import TemplateView

def second(request):
    from django_otp import login, match_token
    device = match_token(request.user, request.GET["token"])
    if device:
        login(request, device)
    return HttpResponse("<link rel=icon href=data:,>" + ("passed" if device else "wrong"))

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", LoginView.as_view(template_name="login.html")),
    path("play/", TemplateView.as_view(template_name="play.html")),
    path("second/", second),
    path("gameserver/", include("gameserver.django.urls")),
    path("gameserver/me", lambda request: HttpResponse(f"<link rel=icon href=data:,>{request.user.get_username()}")),
]
"""

GAMES: Final = """
from django_otp import DEVICE_ID_SESSION_KEY

def may_play(user, request):
    passed = request.gameserver_door in ("token", "again") or DEVICE_ID_SESSION_KEY in request.session
    return passed or "Use your second factor first."
"""

LOGIN: Final = "<link rel=icon href=data:,><form method=post>{% csrf_token %}{{ form }}<button>Log in</button></form>"

PLAY: Final = (
    "{% load gameserver %}<link rel=icon href=data:,><title>Shop</title><h1>Hello {{ user }}</h1>"
    '{% gameserver_room "tictactoe" %}'
)

PEOPLE: Final = """
from django.contrib.auth.models import Group, User
for name in ("Referees", "Owners", "Others"):
    Group.objects.get_or_create(name=name)
User.objects.all().delete()
User.objects.create_user("ann", password="pass word", is_staff=True)
User.objects.create_user("bob", password="pass word")
User.objects.create_user("maximiliana.mustermann@mail.example", password="pass word")
User.objects.create_user("eve", password="pass word", is_active=False)
"""


class Project:
    """:param release: a key of `RELEASES`."""

    def __init__(self, folder: Path, release: str) -> None:
        self.folder = folder
        self.release = release
        self.secret = folder / "shared.secret"
        self.path = os.pathsep.join([str(RELEASES[release]), str(folder)])
        self.environ: Mapping[str, str] = {"PYTHONPATH": self.path, "DJANGO_SETTINGS_MODULE": "shop.settings"}

    def copy(self) -> None:
        """Make it as a copy of one that was made before in this process, with a secret of its own."""
        shutil.copytree(_made(self.release).folder, self.folder, dirs_exist_ok=True)
        self._write_secret()

    def make(self) -> None:
        """Make it from nothing; Django takes some seconds for that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run("-m", "django", "startproject", "shop", str(self.folder), DJANGO_SETTINGS_MODULE="")
        settings, templates = self.folder / "shop" / "settings.py", self.folder / "templates"
        text = settings.read_text("utf-8").replace('"DIRS": []', '"DIRS": [BASE_DIR / "templates"]')
        settings.write_text(text.replace("'DIRS': []", "'DIRS': [BASE_DIR / 'templates']") + SETTINGS, "utf-8")
        (self.folder / "shop" / "urls.py").write_text(URLS, "utf-8")
        (self.folder / "shop" / "hashers.py").write_text(HASHERS, "utf-8")
        (self.folder / "shop" / "games.py").write_text(GAMES, "utf-8")
        templates.mkdir()
        (templates / "login.html").write_text(LOGIN, "utf-8")
        (templates / "play.html").write_text(PLAY, "utf-8")
        self._write_secret()
        self.run("manage.py", "migrate", "--verbosity=0")
        self.run("manage.py", "check", "--fail-level=WARNING")
        self.shell(PEOPLE)

    def _write_secret(self) -> None:
        self.secret.write_bytes(os.urandom(32))
        self.secret.chmod(0o640)

    def shell(self, code: str, **environ: str) -> str:
        """Run code as ``manage.py shell`` does; :returns: what it printed."""
        return self.run("-c", f"import django\ndjango.setup()\n{code}", **environ)

    def run(self, *arguments: str, **environ: str) -> str:
        """Run Python in the project; :returns: its output."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
        )
        if done.returncode:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout


@cache
def _made(release: str) -> Project:
    project = Project(Path(f"django-{release}").absolute(), release)  # in the folder that trial empties
    project.make()
    return project
