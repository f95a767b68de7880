#!/usr/bin/env bash
# tests/service/run.sh [WORK [PUBLISHED]]   The package of this machine's architecture under a real systemd, in a Debian container made from
# nothing: install, ask, wake by the socket, watchdog, wrong setting, upgrade, Vulkan package, removal, purge. Needs root, systemd-nspawn and
# mmdebstrap; where they are missing or cannot work the test is skipped.
#   WORK       holds the container's root between runs, and service-test.log (artifacts/service)
#   PUBLISHED  a folder with the published program; without it, it is published
#   SUITE=bookworm for another Debian than trixie; MESA=0 leaves out Mesa's software Vulkan driver (some 300 MB), and what needs it
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")") here=$(dirname "$(realpath "$0")")
published=${2:+$(realpath "$2")} suite=${SUITE:-trixie} mesa=${MESA:-1}
skip() { echo "Skipped: the package under systemd: $1"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
[ "$(id -u)" = 0 ] || skip "needs root"
for need in systemd-nspawn mmdebstrap dpkg-deb; do command -v $need > /dev/null || skip "$need is not installed"; done
# The archive that this machine's apt uses.
mirror=${MIRROR:-$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2> /dev/null | awk '$1 == "Debian" { print $2; exit }')}
[ -n "$mirror" ] || skip "this machine's apt names no Debian archive"
work=$(realpath -m "${1:-$root/artifacts/service}")
mkdir -p "$work" && cd "$work"
start=$(date +%s)
lap() { printf '## %3d s  %s\n' $(($(date +%s) - start)) "$*"; }
exec 9> lock
flock 9
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT

packages=systemd,systemd-sysv,udev,curl,libstdc++6,libgcc-s1,libvulkan1,init-system-helpers
[ "$mesa" = 0 ] || packages+=,mesa-vulkan-drivers
base=base-$suite-$mesa
if [ "$(cat "$base.made" 2> /dev/null)" != "$packages" ]; then
  rm -rf "$base" "$base.made"
  mmdebstrap --variant=minbase --include="$packages" --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$base" "$mirror" > mmdebstrap.log 2>&1 || { tail mmdebstrap.log; exit 1; }
  : > "$base/etc/machine-id"; echo edge > "$base/etc/hostname"
  for unit in console-getty.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer \
    systemd-tmpfiles-clean.timer; do
    ln -sf /dev/null "$base/etc/systemd/system/$unit"
  done
  echo "$packages" > "$base.made"
  lap "Debian $suite made"
fi

# Containers inside a container often cannot mount, or have no cgroups to give.
nspawn=(systemd-nspawn --quiet --register=no --keep-unit --private-network --link-journal=no --resolv-conf=off)
reason=$("${nspawn[@]}" -D "$base" /bin/true < /dev/null 2>&1) || skip "systemd-nspawn does not work here: $(tail -n1 <<< "$reason")"

rm -rf run && cp -a "$base" run && mkdir run/test
arch=$(dpkg --print-architecture)
COMPRESS=none "$root/packaging/build-deb.sh" "$arch" "$work/debs" ${published:+"$published"} > build.log 2>&1 || { tail -n 20 build.log; exit 1; }
lap "packages built"

# The same package with a higher version, which is what an upgrade is.
for package in onlinerlhf onlinerlhf-vulkan; do
  deb=$(echo "$work/debs/${package}_"*"_$arch.deb")
  cp "$deb" "run/test/$package.deb"
  rm -rf next && dpkg-deb -R "$deb" next
  sed -i -E 's/^Version: .*/&+next/; s/\(= ([^)]*)\)/(= \1+next)/' next/DEBIAN/control
  dpkg-deb --root-owner-group -Znone -b next "run/test/$package-next.deb" > /dev/null
done
rm -rf next
install -m 755 "$here/guest.sh" run/test/guest.sh
cat > run/etc/systemd/system/test.service <<'U'
[Unit]
After=multi-user.target
[Service]
ExecStart=/test/guest.sh
# What "poweroff" asks of the manager, without a bus.
ExecStopPost=/bin/bash -c 'kill -s RTMIN+4 1'
StandardOutput=append:/test/out
StandardError=append:/test/out
U
mkdir -p run/etc/systemd/system/default.target.wants
ln -sf ../test.service run/etc/systemd/system/default.target.wants/test.service
: > run/test/out

tail -n +1 -f run/test/out & shown=$!
timeout -k 10 "${LIMIT:-300}" "${nspawn[@]}" -D run -b < /dev/null > console.log 2>&1 || true
sleep 0.5; kill $shown 2> /dev/null || true; wait $shown 2> /dev/null || true
{ cat run/test/out; echo; cat console.log; } > service-test.log
passed=$(grep -c '^PASS ' run/test/out || true) failed=$(grep -c '^FAIL ' run/test/out || true)
grep -q '^DONE$' run/test/out || { echo "FAIL the container ended early:"; tail -n 20 console.log; failed=$((failed + 1)); }
lap "done"
rm -rf run
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
