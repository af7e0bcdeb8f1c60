#!/usr/bin/env bash
# pageglass in a virtual environment, with the versions of the lock file.
#
#   install.sh TARGET SOURCE VENV              installs; TARGET is cpu, office, cuda or ray
#   install.sh TARGET SOURCE VENV --dry-run    prints what would be installed
set -euo pipefail

target=${1:?"install.sh TARGET SOURCE VENV [--dry-run]"} source=${2:?} venv=${3:?}
case $target in
    cpu | office) extras=store,mcp,tracing,anthropic,openai ;;
    cuda) extras=store,mcp,tracing,anthropic,openai,models,gpu ;;
    ray) extras=cluster,store ;;
    *)
        echo "install.sh: there is no target $target (cpu, office, cuda, ray)" >&2
        exit 2
        ;;
esac

# The lock file without hashes: pip takes no hashes in constraints.
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
sed -nE 's/^([A-Za-z0-9._-]+)(\[[^]]*\])?(===?[^ ;\\]+)([^\\]*).*/\1\3\4/p' "$source/requirements/dev.txt" >"$constraints"

if [ "${4:-}" = --dry-run ]; then
    echo "pageglass[$extras]"
    cat "$constraints"
    exit
fi
python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q --no-cache-dir --constraint "$constraints" "$source[$extras]"
"$venv/bin/pageglass" --version
