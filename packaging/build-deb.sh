#!/usr/bin/env bash
# build-deb.sh amd64|arm64 [OUT]   Publishes the program with Native AOT and packs it as OUT/onlinerlhf_VERSION_ARCH.deb (OUT: artifacts/packages).
# The same source gives the same bytes. Needs the .NET SDK, npm, clang and dpkg-deb; for arm64 on another machine what test.sh installs for it.
set -euo pipefail
arch=${1:?usage: build-deb.sh amd64|arm64 [OUT]}
case $arch in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) echo "build-deb.sh: amd64 or arm64, not $arch" >&2; exit 2 ;; esac
root=$(dirname "$(dirname "$(realpath "$0")")") from=$(dirname "$(realpath "$0")")/debian
out=$(realpath -m "${2:-$root/artifacts/packages}")
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 CI=true
# Every file carries the time of the last commit, so that nothing depends on when or where the package was made.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2> /dev/null || echo 0)}
export SOURCE_DATE_EPOCH
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet publish "$root/src/OnlineRlhf.Daemon" -c Release -r "$rid" -o "$work/publish" -v quiet >&2
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")

package=$work/onlinerlhf
put() { install -D -m "$1" "$2" "$package/$3"; }
zip() { mkdir -p "$(dirname "$package/$2")"; gzip -9n < "$1" > "$package/$2"; chmod 644 "$package/$2"; }
put 755 "$work/publish/onlinerlhf" usr/lib/onlinerlhf/onlinerlhf
for library in "$work"/publish/natives/*.so; do put 644 "$library" "usr/lib/onlinerlhf/natives/$(basename "$library")"; done
mkdir -p "$package/usr/bin"
ln -s ../lib/onlinerlhf/onlinerlhf "$package/usr/bin/onlinerlhf"
for unit in service socket; do put 644 "$root/systemd/onlinerlhf.$unit" "usr/lib/systemd/system/onlinerlhf.$unit"; done
put 644 "$root/systemd/sysusers.conf" usr/lib/sysusers.d/onlinerlhf.conf
put 644 "$root/systemd/60-onlinerlhf-gpio.rules" usr/lib/udev/rules.d/60-onlinerlhf-gpio.rules
put 644 "$from/onlinerlhf.json" etc/onlinerlhf/onlinerlhf.json
put 644 "$from/completion.bash" usr/share/bash-completion/completions/onlinerlhf
put 644 "$from/copyright" usr/share/doc/onlinerlhf/copyright
zip "$from/onlinerlhf.1" usr/share/man/man1/onlinerlhf.1.gz
zip "$root/README.md" usr/share/doc/onlinerlhf/README.md.gz
zip "$root/SECURITY.md" usr/share/doc/onlinerlhf/SECURITY.md.gz
printf 'onlinerlhf (%s) stable; urgency=medium\n\n  * Release %s.\n\n -- The OnlineRlhf authors <onlinerlhf@localhost>  %s\n' \
  "$version" "$version" "$(date -uRd "@$SOURCE_DATE_EPOCH")" > "$work/changelog"
zip "$work/changelog" usr/share/doc/onlinerlhf/changelog.gz

mkdir -p "$package/DEBIAN"
for script in postinst prerm postrm; do install -m 755 "$from/$script" "$package/DEBIAN/$script"; done
echo /etc/onlinerlhf/onlinerlhf.json > "$package/DEBIAN/conffiles"
(cd "$package" && find . -path ./DEBIAN -prune -o -type f ! -path './etc/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) > "$package/DEBIAN/md5sums"
cat > "$package/DEBIAN/control" <<EOF
Package: onlinerlhf
Version: $version
Architecture: $arch
Maintainer: The OnlineRlhf authors <onlinerlhf@localhost>
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$package" | cut -f1)
Depends: libc6 (>= 2.34), libgcc-s1, libstdc++6 (>= 12), systemd (>= 252) | systemd-sysusers, init-system-helpers (>= 1.54)
Recommends: libgpiod3 | libgpiod2, gpiod
Section: science
Priority: optional
Description: local language model that learns which answers you like
 A daemon that samples several answers from a quantised language model on this
 device, shows two, and learns from one press, on hardware buttons or over a
 Unix socket, which kind this person likes. It keeps only the learner's state
 of constant size; nothing that was said is stored or leaves the device.
EOF
find "$package" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --build "$package" "$out/onlinerlhf_${version}_$arch.deb" >&2
echo "$out/onlinerlhf_${version}_$arch.deb"
