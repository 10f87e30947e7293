#!/usr/bin/env bash
# Sees to the releases of Django that the tests run with, each in a folder of its own, since a process can have only one:
# the oldest long-term release that setup.py admits, and the newest that Python 3.11 runs. With CI=true a missing one is
# a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=0
for series in 4.2 5.2; do
  folder=".venv/django-$series"
  [ -d "$folder/django" ] && continue
  echo "Installing Django $series"
  .venv/bin/python -m pip --quiet --disable-pip-version-check install --target "$folder" "django~=$series.0" || rm -rf "$folder"
  [ -d "$folder/django" ] && continue
  echo "CANNOT RUN: tests.e2e.test_django with Django $series (pip could not install it)"
  missing=1
done

[ "$missing" = 0 ] || [ "${CI:-}" != true ]
