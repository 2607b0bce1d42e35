#!/bin/sh
# Makes trestle-VERSION-1-x86_64.hpkg on Haiku, of the files trestle-add-on and trestle beside this script:
# sh make-package.sh VERSION 'Name <address>'
set -eu
[ $# = 2 ] || { echo "usage: sh make-package.sh VERSION 'Name <address>'" >&2; exit 1; }
command -v package >/dev/null || { echo "make-package: there is no command 'package'; run this on Haiku" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
for file in trestle-add-on trestle PackageInfo.in; do
    [ -f "$here/$file" ] || { echo "make-package: $here/$file is missing; see docs/haiku-build.md" >&2; exit 1; }
done
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
documentation=$tree/documentation/packages/trestle
mkdir -p "$tree/add-ons/kernel/network/devices" "$tree/bin" "$documentation"
cp "$here/trestle-add-on" "$tree/add-ons/kernel/network/devices/trestle"
cp "$here/trestle" "$tree/bin/trestle"
chmod 755 "$tree/bin/trestle"
for file in "$here"/*.md; do
    [ ! -f "$file" ] || cp "$file" "$documentation/"
done
# As sed's replacement stands for it.
literal() { printf '%s\n' "$1" | sed 's/[\\&/]/\\&/g'; }
sed -e "s/@VERSION@/$(literal "$1")/" -e "s/@PACKAGER@/$(literal "$2")/" "$here/PackageInfo.in" >"$tree/.PackageInfo"
package create -C "$tree" "trestle-$1-1-x86_64.hpkg"
echo "trestle-$1-1-x86_64.hpkg"
