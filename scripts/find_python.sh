#!/bin/sh
# Prints the first Python on PATH that pyproject.toml allows ($PYTHON alone, where it is set), or says why there is none.
set -eu

range=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\),<3\.\([0-9]*\)"$/\1 \2/p' pyproject.toml)
first=${range% *}
beyond=${range#* }

# A name on PATH may be a version manager's shim with nothing behind it, so each candidate is asked.
version() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null; }
supported() { "$1" -c "import sys; sys.exit(not (3, $first) <= sys.version_info[:2] < (3, $beyond))" 2>/dev/null; }

if [ -n "${PYTHON:-}" ]; then
  candidates=$PYTHON
else
  candidates=python3
  minor=$((beyond - 1))
  while [ "$minor" -ge "$first" ]; do
    candidates="$candidates python3.$minor"
    minor=$((minor - 1))
  done
fi

for candidate in $candidates; do
  if supported "$candidate"; then
    echo "$candidate"
    exit 0
  fi
done

asked=${PYTHON:-python3}
version=$(version "$asked") && seen="$asked is Python $version" || seen="$asked does not start"
echo "Watchworthy runs on Python 3.$first to 3.$((beyond - 1)) and $seen:" \
  "install one of these, or name it with make PYTHON=/path/to/python3." >&2
exit 1
