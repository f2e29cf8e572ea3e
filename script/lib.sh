# What the scripts share. Sourced, never run; expects `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
local_tools=$root/.local
node_version=22.23.3

# A tool's own configuration on this machine must not leak into what we run.
export TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1
export PATH=$local_tools/node_modules/node/bin:$local_tools/bin:$PATH

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "this needs root: $*"; fi
}

# Runs a command and shows what it printed only where it fails.
quietly() {
    local log
    log=$("$@" 2>&1) && return
    printf '%s\n' "$log" | tail -n 40 >&2
    return 1
}

# Installs the Debian packages of the arguments that are not there yet.
install_packages() {
    local missing there
    there=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' || true)
    mapfile -t missing < <(comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$there"))
    [ ${#missing[@]} = 0 ] && return
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail "packages are missing and there is no sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
    say "Installing ${missing[*]}"
    quietly as_root apt-get update -qq && quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
        fail "the packages could not be installed"
}

# A TCP port nobody listens on.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Configures a build folder once; later arguments are meson's. The tests are many programs: a quick linker counts.
configure() {
    local folder=$1
    shift
    ! command -v mold >/dev/null || export CC_LD=mold
    [ -f "$root/$folder/build.ninja" ] || quietly meson setup "$root/$folder" "$root" "$@" || fail "$folder could not be configured"
}

# Builds targets of a folder; prints only what the compiler has to say.
compile() {
    quietly ninja -C "$root/$1" "${@:2}" && return
    fail "the build in $1 failed"
}
