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
settings=/boot/home/config/settings/kernel/drivers/trestle
packaged=/boot/system/add-ons/kernel/network/devices/trestle
here=$(dirname "$0")

# The kernel loads what is in the folder, at every start at the latest, and keeps it: what was there goes on until the next.
loaded=no
[ ! -e "$add_on" ] && [ ! -e "$packaged" ] || loaded=yes
restart() {
    [ $loaded = no ] || say "the add-on that was there goes on until then: restart the system"
}

case "${1:-install}" in
install)
    for file in trestle-add-on trestle; do
        [ -f "$here/$file" ] || fail "$here/$file is missing; the build is described in docs/haiku-build.md"
    done
    for file in "$add_on" "$program"; do
        mkdir -p "$(dirname "$file")"
    done
    # Both elsewhere first, so that the kernel never meets half a file, nor anybody the one without the other.
    trap 'rm -f "$root/trestle-add-on.new" "$program.new"' EXIT
    trap 'exit 1' HUP INT TERM
    cp "$here/trestle-add-on" "$root/trestle-add-on.new"
    cp "$here/trestle" "$program.new"
    chmod 755 "$program.new"
    mv "$root/trestle-add-on.new" "$add_on"
    mv "$program.new" "$program"
    # By this name the interfaces have the same MAC addresses after every start.
    if [ ! -e "$settings" ]; then
        mkdir -p "$(dirname "$settings")"
        printf 'machine %s\n' "$(dd if=/dev/urandom bs=16 count=1 2>/dev/null | od -An -tx1 | tr -d ' \n')" >"$settings"
    fi
    say "installed; try: trestle selftest"
    restart
    ;;
remove)
    rm -f "$add_on" "$program"
    say "removed"
    restart
    ;;
*)
    fail "unknown word $1; say install or remove"
    ;;
esac
