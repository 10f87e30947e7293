"""
Installs the package as a wheel, from its sdist, and editable, each into a fresh environment, and asks twistd for it.

To be quick and to need no network, an environment's third-party packages are links to those that run this test;
Twisted's plugin folder alone is a real one there, since the package installs into it.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import gameserver
from gameserver.web import compressing
from tests.needs import can_compile
from tests.test_docs import PAGES, linked

ROOT = Path(gameserver.__file__).parent.parent
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", "_trial_temp*", ".*_cache", ".hypothesis"),
    *("node_modules", "gameserver-data", "dropin.cache", "*.so", "_compressed"),
)
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """Run a command without this process's settings, and give its output; a failure shows all of it."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    clean = {k: v for k, v in os.environ.items() if k not in hidden and not k.startswith("GAMESERVER_")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**clean, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def copy_of_checkout() -> Path:
    """Copy what a clone would have, so that nothing is built in the checkout; it goes when this process ends."""
    folder = tempfile.mkdtemp(prefix="gameserver-packaging-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = Path(folder) / "checkout"
    shutil.copytree(ROOT, place, ignore=NOT_COPIED)
    return place


@functools.cache
def built() -> dict[str, Path]:
    """Build the sdist, and the wheel from it, once for all processes of this run of trial."""
    here = Path.cwd()  # trial's folder, in which each of several processes has one with its number
    out = (here.parent if here.name.isdigit() else here) / "packaging"
    out.mkdir(exist_ok=True)
    with (out / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "done").exists():
            checkout = copy_of_checkout()
            run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, checkout, cwd=checkout)
            (out / "done").touch()
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


class Environment:
    """A virtual environment with everything but the package."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
        (self.site_packages,) = folder.glob("lib/python3*/site-packages")
        for item in SITE_PACKAGES.iterdir():
            if not (item.suffix == ".pth" or "gameserver" in item.name or item.name == "twisted"):
                (self.site_packages / item.name).symlink_to(item)
        self._link_twisted()

    def _link_twisted(self) -> None:
        twisted = self.site_packages / "twisted"
        (twisted / "plugins").mkdir(parents=True)
        for item in (SITE_PACKAGES / "twisted").iterdir():
            if item.name != "plugins":
                (twisted / item.name).symlink_to(item)
        for item in (SITE_PACKAGES / "twisted" / "plugins").glob("*.py"):
            if "gameserver" not in item.name:
                shutil.copy2(item, twisted / "plugins")

    def install(self, *what: str | Path, **environ: str) -> None:
        """Install the package alone."""
        pip = (sys.executable, "-m", "pip", "--python", self.folder / "bin" / "python")
        run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", *what, cwd=self.folder, **environ)

    def python(self, code: str, cwd: Path) -> str:
        """Run some Python."""
        return run(self.folder / "bin" / "python", "-c", code, cwd=cwd)

    def twistd(self, *arguments: str, cwd: Path) -> str:
        """Run twistd, as its script would."""
        start = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; sys.path.pop(0); run()"
        return run(self.folder / "bin" / "python", "-c", start, *arguments, cwd=cwd)


class InstallTests(SynchronousTestCase):
    """However it is installed, twistd finds it from any folder, and so do the samples."""

    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="gameserver-install-"))
        self.addCleanup(shutil.rmtree, folder)
        self.environment = Environment(folder / "venv")
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()

    def works(self, *, in_c: bool | None = None) -> None:
        """Ask for everything that an installation must have, and whether what is in C was built, as it can be here."""
        environment, elsewhere = self.environment, self.elsewhere
        self.assertRegex(environment.twistd("--help", cwd=elsewhere), r"(?m)^ +gameserver +Serves multiplayer games")
        self.assertIn("--no-sample-games", environment.twistd("gameserver", "--help", cwd=elsewhere))
        version = f"gameserver {gameserver.__version__}\n"
        self.assertEqual(environment.twistd("gameserver", "--version", cwd=elsewhere), version)
        self.assertEqual(run(environment.folder / "bin" / "gameserver", "version", cwd=elsewhere), version)
        listed = run(environment.folder / "bin" / "gameserver", "games", cwd=elsewhere)
        for name in ("rps", "tictactoe"):
            self.assertRegex(listed, rf"(?m)^{name}: ")
        self.assertEqual(list(elsewhere.iterdir()), [])
        paths = "pages.STATIC / 'lobby.html', pages.client_folder() / 'gameserver.js'"
        code = f"from gameserver.web import pages; print(all(path.is_file() for path in ({paths})))"
        self.assertEqual(environment.python(code, elsewhere).strip(), "True")
        code = "from gameserver.websocket import native; print(native.BUILT)"
        self.assertEqual(environment.python(code, elsewhere).strip(), str(can_compile() if in_c is None else in_c))

    def installed_names(self) -> set[str]:
        """Name what the installation put beside Twisted, or into it."""
        linked = {item.name for item in SITE_PACKAGES.iterdir() if "gameserver" not in item.name}
        return {item.name for item in self.environment.site_packages.iterdir()} - linked - {"__pycache__"}

    def test_wheel(self) -> None:
        """The wheel holds the package, the plugin and the samples, and takes no other name."""
        self.environment.install(built()["wheel"])
        self.works()
        dist_info = f"gameserver-{gameserver.__version__}.dist-info"
        self.assertEqual(self.installed_names(), {"gameserver", dist_info})
        self.assertTrue((self.environment.site_packages / "twisted" / "plugins" / "gameserver_plugin.py").is_file())

    def test_sdist(self) -> None:
        """The sdist builds what the wheel has."""
        self.environment.install(built()["sdist"])
        self.works()
        self.assertTrue((self.environment.site_packages / "gameserver" / "_games" / "tictactoe.py").is_file())

    def test_without_a_compiler(self) -> None:
        """Where nothing can be compiled it installs all the same, and does all in Python."""
        self.environment.install(built()["sdist"], CC="/bin/false")
        self.works(in_c=False)

    def test_editable(self) -> None:
        """An editable install serves the checkout itself, the plugin included."""
        checkout = copy_of_checkout()
        self.environment.install("--editable", checkout)
        self.works()
        code = "import gameserver; from gameserver.game.importing import sample_folder; print(sample_folder())"
        self.assertEqual(self.environment.python(code, self.elsewhere).strip(), str(checkout / "games"))
        self.assertFalse((checkout / "gameserver" / "_games").exists())

    def test_uninstall(self) -> None:
        """What was installed goes again, and twistd works on."""
        self.environment.install(built()["wheel"])
        self.environment.twistd("--help", cwd=self.elsewhere)
        pip = (sys.executable, "-m", "pip", "--python", self.environment.folder / "bin" / "python")
        run(*pip, "uninstall", "--quiet", "--yes", "gameserver", cwd=self.elsewhere)
        self.assertNotIn("gameserver", self.environment.twistd("--help", cwd=self.elsewhere))


class ContentTests(SynchronousTestCase):
    def names(self) -> set[str]:
        """Name the wheel's files."""
        with zipfile.ZipFile(built()["wheel"]) as wheel:
            return set(wheel.namelist())

    def test_wheel_has_nothing_else(self) -> None:
        """Tests, build files and other people's names stay out."""
        top = {name.split("/")[0] for name in self.names()}
        self.assertEqual(top, {"gameserver", "twisted", f"gameserver-{gameserver.__version__}.dist-info"})
        self.assertEqual(
            [n for n in self.names() if n.startswith("twisted/")], ["twisted/plugins/gameserver_plugin.py"]
        )
        self.assertEqual([n for n in self.names() if "__pycache__" in n or "test_" in n.rpartition("/")[2]], [])

    def test_wheel_has_every_module(self) -> None:
        """No module, sample or type marker is forgotten."""
        ours = {str(path.relative_to(ROOT)) for path in (ROOT / "gameserver").rglob("*.py")}
        samples = {f"gameserver/_{path.relative_to(ROOT)}" for path in (ROOT / "games").rglob("*.py")}
        self.assertEqual({*ours, *samples, "gameserver/py.typed"} - self.names(), set())

    def test_wheel_has_the_javascript_client(self) -> None:
        """A server that was installed can serve it; what tests and develops it stays out."""
        client = ROOT / "clients" / "js"
        scripts = [path for path in (*client.glob("*.js"), *client.glob("*.d.ts")) if ".test." not in path.name]
        self.assertEqual({f"gameserver/web/static/{path.name}" for path in scripts} - self.names(), set())
        self.assertIn("gameserver/web/static/gameserver.js", self.names())
        static = [
            n.removeprefix("gameserver/web/static/") for n in self.names() if n.startswith("gameserver/web/static/")
        ]
        develops = ("package", "test", "node_modules", "src", "tsconfig", "rollup", "eslint")
        self.assertEqual([n for n in static if n.startswith(develops)], [])

    def test_wheel_has_compressed_files(self) -> None:
        """Each file of a page's that becomes smaller is shipped in every way that browsers take."""
        compressed = {name for name in self.names() if name.startswith("gameserver/web/_compressed/")}
        folders = (ROOT / "gameserver/web/static", ROOT / "clients/js", ROOT / "games")
        for path in (
            path for folder in folders for path in folder.glob("*.js" if "clients" in str(folder) else "**/*.css")
        ):
            content = path.read_bytes()
            if len(content) >= compressing.LEAST_BYTES and "node_modules" not in path.parts:
                wanted = {
                    f"gameserver/web/_compressed/{compressing.tag_of(content)}.{each}" for each in ("br", "zst", "gz")
                }
                self.assertEqual(wanted - compressed, set(), path.name)
        self.assertGreater(len(compressed), 100)

    def test_wheel_has_every_page(self) -> None:
        """What pages share is shipped, and the samples' own pages."""
        shared = {str(path.relative_to(ROOT)) for path in (ROOT / "gameserver/web/static").rglob("*") if path.is_file()}
        shared |= {
            str(path.relative_to(ROOT))
            for part in ("static", "templates")
            for path in (ROOT / "gameserver/django" / part).rglob("*")
            if path.is_file()
        }
        own = {f"gameserver/_{path.relative_to(ROOT)}" for path in (ROOT / "games").rglob("*.html")}
        self.assertLessEqual(
            {"gameserver/web/static/lobby.html", "gameserver/django/static/gameserver/room.js"}, shared
        )
        self.assertEqual({*shared, *own} - self.names(), set())

    def test_sdist_has_the_tests(self) -> None:
        """Whoever gets the sources can run every check."""
        with tarfile.open(built()["sdist"]) as sdist:
            names = {name.partition("/")[2] for name in sdist.getnames()}
        for name in ("tests/e2e/test_packaging.py", "games/tictactoe.py", "LICENSE", "Makefile", "pyproject.toml"):
            self.assertIn(name, names)
        for name in ("gameserver/web/static/lobby.html", "clients/js/gameserver.js", "clients/js/src/index.js"):
            self.assertIn(name, names)
        self.assertEqual([name for name in names if name.endswith("dropin.cache")], [])

    def test_sdist_has_what_pages_link_to(self) -> None:
        """Whoever gets the sources can follow every link of the README and the pages, and make their site."""
        with tarfile.open(built()["sdist"]) as sdist:
            names = {name.partition("/")[2] for name in sdist.getnames()}
        targets = {str(target.relative_to(ROOT)) for page in PAGES for target in linked(page)}
        self.assertIn("docs/guides/rooms.rst", targets)
        self.assertEqual({*targets, "docs/conf.py", "docs/extensions/typescript.py"} - names, set())
