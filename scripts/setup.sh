# Sourced by demo, test and lowest: finds Python and makes the environment that they run in.
#
# torch is 200 MB as a CPU build, but its default build on Linux brings three gigabytes of CUDA. Without a GPU, name
# PyTorch's own index before the first run, and pip takes the CPU build from there:
#
#     TORCH_INDEX=https://download.pytorch.org/whl/cpu scripts/demo
#
# PYTHON names the interpreter to use; without it, the first of python3, python3.13, ... that is new enough.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
me=scripts/$(basename "$0")
cd "$root"
unset PYTHONHOME PYTHONPATH # what a person set for other work must not reach into the environment
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-10000} # as the forecast command does; see forecast/cli.py

say() { printf '[%s] %s\n' "$me" "$*"; }
fail() {
    printf '%s: error: %s\n' "$me" "$*" >&2
    exit 1
}

# version_of INTERPRETER: prints its version, such as 3.11
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

# new_enough VERSION: whether it is at least 3.11
new_enough() { [[ $1 =~ ^3\.([0-9]+)$ ]] && ((BASH_REMATCH[1] >= 11)); }

# find_python: sets python to the first suitable interpreter
find_python() {
    local candidate version found=""
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        python=$(command -v "$candidate") || continue
        version=$(version_of "$python")
        if new_enough "$version"; then
            "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
                fail "$candidate has no venv module. Install it (Debian, Ubuntu: apt install python3-venv) or name another Python: PYTHON=python3.12 $me"
            return
        fi
        found+="${found:+, }$candidate is ${version:-not usable}"
    done
    fail "Python 3.11 or newer is needed, but ${found:-none is found}. Install one or name it: PYTHON=python3.12 $me"
}

# prepare FOLDER EXTRA CONSTRAINTS: the project, editable, with its extra ("" for none), in an environment in FOLDER.
# A stamp in FOLDER keeps what was installed; while that is unchanged, the environment is used as it is.
prepare() {
    local folder=$1 extra=$2 constraints=$3 stamp="$1/installed${2:+-$2}" wanted
    venv=$root/$folder
    wanted=$(echo "$root" | cat - pyproject.toml "$constraints")
    if [[ -n ${PYTHON:-} ]] || ! new_enough "$(version_of "$venv/bin/python")"; then
        find_python
    fi
    if new_enough "$(version_of "$venv/bin/python")" && [[ $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
        say "environment $folder is ready (Python $(version_of "$venv/bin/python"))"
        return
    fi
    if ! "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        [[ -n ${python:-} ]] || find_python
        say "making $folder with Python $(version_of "$python")"
        "$python" -m venv --clear "$folder" || fail "$python could not make $folder; its reason stands above."
    fi
    say "installing the versions of $constraints (some minutes the first time)"
    rm -f "$folder"/installed*
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install --quiet --quiet \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --constraint "$constraints" --editable ".${extra:+[$extra]}" ||
        fail "pip could not install; its reason stands above. Then run $me again."
    printf '%s' "$wanted" >"$folder/installed" # an extra includes what is needed without it
    printf '%s' "$wanted" >"$stamp"
}
