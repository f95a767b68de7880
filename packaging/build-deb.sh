#!/usr/bin/env bash
# build-deb.sh amd64|arm64 [OUT [PUBLISHED]]   Builds two packages in OUT (default artifacts/packages), and prints their paths:
# onlinerlhf_VERSION_ARCH.deb with the program, and onlinerlhf-vulkan_VERSION_ARCH.deb with the Vulkan backend.
# The script publishes the program with Native AOT, or takes it from the folder PUBLISHED. The same source and tools give the same bytes, in any
# folder.
# Needs the .NET SDK, npm, clang and dpkg-deb. For arm64 it also needs what test.sh and build-natives.sh install. COMPRESS=none is quicker.
set -euo pipefail
arch=${1:?usage: build-deb.sh amd64|arm64 [OUT [PUBLISHED]]}
case $arch in
  amd64) rid=linux-x64 tools=x86_64-linux-gnu- ;;
  arm64) rid=linux-arm64 tools=aarch64-linux-gnu- ;;
  *) echo "build-deb.sh: amd64 or arm64, not $arch" >&2; exit 2 ;;
esac
here=$(dirname "$(realpath "$0")") root=$(dirname "$(dirname "$(realpath "$0")")")
out=$(realpath -m "${2:-$root/artifacts/packages}") published=${3:+$(realpath "$3")}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 CI=true
# Every file gets the time of the last commit, so that the package does not depend on when or where it is built.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2> /dev/null || echo 0)}
export SOURCE_DATE_EPOCH
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$published" ]; then
  published=$work/publish
  dotnet publish "$root/src/OnlineRlhf.Daemon" -c Release -r "$rid" -o "$published" -v quiet >&2
fi
vulkan=$("$here/build-natives.sh" "$arch")
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")
maintainer='The OnlineRlhf authors <maintainers@onlinerlhf.example.org>'

# put MODE FILE PATH · zip FILE PATH · library FILE [FOLDER/]   Each adds a file to the package in the folder $package.
put() { install -D -m "$1" "$2" "$package/$3"; }
zip() { mkdir -p "$(dirname "$package/$2")"; gzip -9n < "$1" > "$package/$2"; chmod 644 "$package/$2"; }
library() {
  local at=usr/lib/onlinerlhf/natives/${2:-}${1##*/}
  put 644 "$1" "$at"
  "${tools}strip" --strip-unneeded --remove-section=.comment "$package/$at"
}

# pack NAME SCRIPT...   Builds the package. Standard input gives the fields of the control file that differ between the packages.
pack() {
  local name=$1 script doc=usr/share/doc/$1
  shift
  put 644 "$here/debian/copyright" "$doc/copyright"
  printf '%s (%s) stable; urgency=medium\n\n  * Release %s.\n\n -- %s  %s\n' \
    "$name" "$version" "$version" "$maintainer" "$(LC_ALL=C date -uRd "@$SOURCE_DATE_EPOCH")" > "$work/changelog"
  zip "$work/changelog" "$doc/changelog.gz"
  mkdir -p "$package/DEBIAN"
  for script; do install -m 755 "$here/debian/$script" "$package/DEBIAN/${script##*.}"; done
  [ ! -d "$package/etc" ] || (cd "$package" && find etc -type f -printf '/%p\n' | LC_ALL=C sort > DEBIAN/conffiles)
  (cd "$package" && find . -path ./DEBIAN -prune -o -type f ! -path './etc/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum > DEBIAN/md5sums)
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: %s\n' "$name" "$version" "$arch" "$maintainer"
    # Count as dpkg does, so that every file system gives the same number: files in whole KiB, and one KiB for anything else.
    (cd "$package" && find . -path ./DEBIAN -prune -o -type f -printf '%s\n' -o -printf '1\n') |
      awk '{ n += int(($1 + 1023) / 1024) } END { print "Installed-Size: " n }'
    printf 'Section: science\nPriority: optional\n'
    cat
  } > "$package/DEBIAN/control"
  find "$package" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  mkdir -p "$out"
  dpkg-deb --root-owner-group "-Z${COMPRESS:-xz}" --threads-max=1 --build "$package" "$out/${name}_${version}_$arch.deb" >&2
  echo "$out/${name}_${version}_$arch.deb"
}

package=$work/onlinerlhf-vulkan
# This library has its own folder, because llama.cpp loads all backends beside it, and this one is wanted only with a GPU.
library "$vulkan/libggml-vulkan.so" vulkan/
pack onlinerlhf-vulkan vulkan.postinst vulkan.postrm <<EOF
Depends: onlinerlhf (= $version), libc6 (>= 2.34), libgcc-s1 (>= 3.0), libstdc++6 (>= 12), libvulkan1
Enhances: onlinerlhf
Description: GPU backend for onlinerlhf, by Vulkan
 Lets the daemon onlinerlhf run its language model on a graphics processor
 whose driver speaks Vulkan. It holds one library of llama.cpp and restarts
 the daemon, which finds it.
EOF

package=$work/onlinerlhf
put 755 "$published/onlinerlhf" usr/lib/onlinerlhf/onlinerlhf
for file in "$published"/natives/*.so; do [ "${file##*/}" = libggml-vulkan.so ] || library "$file"; done
mkdir -p "$package/usr/bin"
ln -s ../lib/onlinerlhf/onlinerlhf "$package/usr/bin/onlinerlhf"
for unit in onlinerlhf.service onlinerlhf.socket onlinerlhf-http.socket onlinerlhf-lan.socket; do
  put 644 "$root/systemd/$unit" "usr/lib/systemd/system/$unit"
done
put 644 "$root/systemd/sysusers.conf" usr/lib/sysusers.d/onlinerlhf.conf
put 644 "$root/systemd/60-onlinerlhf-gpio.rules" usr/lib/udev/rules.d/60-onlinerlhf-gpio.rules
put 755 "$root/systemd/examples/onlinerlhf-speak" usr/share/doc/onlinerlhf/examples/onlinerlhf-speak
put 644 "$root/systemd/examples/onlinerlhf-speak.service" usr/share/doc/onlinerlhf/examples/onlinerlhf-speak.service
put 644 "$here/debian/onlinerlhf.json" usr/share/onlinerlhf/onlinerlhf.json
put 644 "$here/debian/completion.bash" usr/share/bash-completion/completions/onlinerlhf
zip "$here/debian/onlinerlhf.1" usr/share/man/man1/onlinerlhf.1.gz
zip "$root/README.md" usr/share/doc/onlinerlhf/README.md.gz
zip "$root/SECURITY.md" usr/share/doc/onlinerlhf/SECURITY.md.gz
zip "$root/CHANGELOG.md" usr/share/doc/onlinerlhf/CHANGELOG.md.gz
zip "$root/CONTRIBUTING.md" usr/share/doc/onlinerlhf/CONTRIBUTING.md.gz
put 644 "$root/docs/openapi.json" usr/share/doc/onlinerlhf/docs/openapi.json
for page in "$root"/docs/*.md; do zip "$page" "usr/share/doc/onlinerlhf/docs/$(basename "$page").gz"; done
pack onlinerlhf postinst prerm postrm <<EOF
Depends: libc6 (>= 2.34), libgcc-s1 (>= 3.0), libstdc++6 (>= 12), systemd (>= 252) | systemd-sysusers, init-system-helpers (>= 1.54)
Recommends: libgpiod3 | libgpiod2, gpiod
Suggests: onlinerlhf-vulkan
Description: local language model that learns which answers you like
 A daemon that samples several answers from a quantised language model on this
 device, shows two, and learns from one press, on hardware buttons or over a
 Unix socket, which kind this person likes. It keeps only the learner's state
 of constant size; nothing that was said is stored or leaves the device.
EOF
