#!/bin/sh
# Installs Trestle on Haiku, or removes it: sh install.sh [install|remove]. Run it beside the files trestle-add-on and trestle.
#
# The add-on goes where the kernel looks for those that came by hand; a safe-mode start without user add-ons leaves it out.
set -eu

say() { printf 'install: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

[ "$(uname -s)" = Haiku ] || fail "this is $(uname -s); the files are for Haiku"
[ "$(getarch -p 2>/dev/null || uname -p)" = x86_64 ] || fail "the add-on is for x86_64 alone"

root=/boot/system/non-packaged
add_on=$root/add-ons/kernel/network/devices/trestle
program=$root/bin/trestle
here=$(dirname "$0")

# The kernel keeps the add-on once it has been used: what is there goes on until the next start.
reload() {
    if [ -e "/dev/tap/clone" ] || [ -e "/dev/tun/clone" ]; then
        say "Trestle is in use; restart the system for this to take effect"
    fi
}

case "${1:-install}" in
install)
    for file in trestle-add-on trestle; do
        [ -f "$here/$file" ] || fail "$here/$file is missing; the build is described in docs/haiku-build.md"
    done
    for file in "$add_on" "$program"; do
        mkdir -p "$(dirname "$file")"
    done
    # Elsewhere first, so that the kernel, which loads whatever is in the folder, never meets half a file.
    cp "$here/trestle-add-on" "$root/trestle-add-on.new"
    mv "$root/trestle-add-on.new" "$add_on"
    cp "$here/trestle" "$program.new"
    chmod 755 "$program.new"
    mv "$program.new" "$program"
    reload
    say "installed; try: trestle selftest"
    ;;
remove)
    rm -f "$add_on" "$program"
    reload
    say "removed"
    ;;
*)
    fail "unknown word $1; say install or remove"
    ;;
esac
