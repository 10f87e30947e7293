#!/usr/bin/env bash
# Sees to what the tests need from the system, beside Python: installs it with apt-get where that is allowed, and
# otherwise says which tests cannot run. With CI=true a missing part is a failure.
set -euo pipefail

# One need a line: "command:Debian package:the tests that cannot run without it".
NEEDS=(
  "chromium:chromium:tests.e2e.test_pages, the pages in a real browser"
  "redis-server:redis-server:tests.store.test_redis and tests.contracts, the store on a real Redis"
)

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; }

missing=0
for need in "${NEEDS[@]}"; do
  IFS=: read -r command package tests <<< "$need"
  command -v "$command" > /dev/null && continue
  if may_install; then
    echo "Installing $package"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } > /dev/null 2>&1 || true
    command -v "$command" > /dev/null && continue
  fi
  echo "CANNOT RUN: $tests ($command is missing; apt-get install $package)"
  missing=1
done

[ "$missing" = 0 ] || [ "${CI:-}" != true ]
