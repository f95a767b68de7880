#!/usr/bin/env bash
# tests/vm/run.sh [WORK [PUBLISHED]]   The package on an arm64 Debian 13 with a real kernel and simulated GPIO, under software emulation, from
# nothing: install, ask, press, cut the power, boot again, press again, the board's tests, remove, purge. Needs root, apt and some 3 GB; takes some
# fifteen minutes, less with the program in the folder PUBLISHED.
# The output is kept in WORK/vm-test.log (WORK: artifacts/vm); what was measured stands at its end.
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")") here=$(dirname "$(realpath "$0")")
work=$(realpath -m "${1:-$root/artifacts/vm}") published=${2:+$(realpath "$2")}
mkdir -p "$work" && cd "$work"
exec > >(tee "$work/vm-test.log") 2>&1
start=$(date +%s)
lap() { printf '## %4d s  %s\n' $(($(date +%s) - start)) "$*"; }

missing=()
for need in qemu-system-aarch64:qemu-system-arm mmdebstrap:mmdebstrap cpio:cpio xz:xz-utils zstd:zstd depmod:kmod \
  mkfs.ext4:e2fsprogs python3:python3; do
  command -v "${need%%:*}" > /dev/null || missing+=("${need#*:}")
done
[ ${#missing[@]} = 0 ] || apt-get install -y -qq --no-install-recommends "${missing[@]}"

deb=$(COMPRESS=gzip "$root/packaging/build-deb.sh" arm64 "$work" ${published:+"$published"} 2> build.log | tail -n1) ||
  { tail -n 20 build.log; exit 1; }
lap "package built: $(basename "$deb"), $(stat -c %s "$deb") bytes"
dotnet publish "$root/tests/OnlineRlhf.Hardware.Tests" -c Release -r linux-arm64 --self-contained -o "$work/hardware" -v quiet > build.log 2>&1 ||
  { tail -n 20 build.log; exit 1; }
lap "the board's tests built"

# The archive that this machine's apt uses.
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n1)}
key=/usr/share/keyrings/debian-archive-keyring.gpg
if [ ! -e kernel.done ]; then
  # Of Debian 13's kernels only the one of backports has gpio-sim. An apt of its own: this machine's is not touched.
  mkdir -p apt/etc/apt/{apt.conf.d,preferences.d} apt/lists/partial apt/archives/partial; : > apt/status
  echo "deb [signed-by=$key] $mirror trixie-backports main" > apt/etc/apt/sources.list
  cat > apt/apt.conf <<EOF
Dir "$work/apt"; Dir::State "$work/apt"; Dir::State::status "$work/apt/status"; Dir::Cache "$work/apt"; Dir::Etc "$work/apt/etc/apt";
APT::Architecture "arm64"; APT::Architectures { "arm64"; }; APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::Check-Valid-Until "false";
EOF
  export APT_CONFIG=$work/apt/apt.conf
  apt-get -q update > apt.log 2>&1
  version=$(apt-cache show --no-all-versions linux-image-cloud-arm64 | sed -n 's/^Depends:.*linux-image-\([0-9][^ ]*\) .*/\1/p')
  apt-get -q download "linux-binary-$version" "linux-modules-$version" >> apt.log 2>&1
  # And Debian 12's libgpiod, which is another library under another name.
  sed -i s/trixie-backports/bookworm/ apt/etc/apt/sources.list
  { apt-get -q update; apt-get -q download libgpiod2; } >> apt.log 2>&1
  unset APT_CONFIG
  rm -rf gpiod1; dpkg-deb -x libgpiod2_*.deb gpiod1
  rm -rf kernel; for package in linux-*.deb; do dpkg-deb -x "$package" kernel; done
  python3 - "$(ls kernel/boot/vmlinuz-* kernel/usr/lib/modules/*/vmlinuz 2> /dev/null | head -n1)" Image <<'P'
import struct, subprocess, sys
data = open(sys.argv[1], 'rb').read()
if data[4:8] == b'zimg':  # an EFI zboot image, which this emulator may not know
    offset, size = struct.unpack('<II', data[8:16])
    tools = {'gzip': ['gzip', '-dc'], 'xzkern': ['xz', '-dc'], 'zstd': ['zstd', '-dc'], 'zstd22': ['zstd', '-dc']}
    tool = tools[data[24:32].split(b'\0')[0].decode()]
    data = subprocess.run(tool, input=data[offset:offset + size], stdout=subprocess.PIPE).stdout
elif data[:2] == b'\x1f\x8b':
    data = subprocess.run(['gzip', '-dc'], input=data, stdout=subprocess.PIPE).stdout
assert data[56:60] == b'ARM\x64'
open(sys.argv[2], 'wb').write(data)
P
  touch kernel.done
fi
kernel=$(ls kernel/usr/lib/modules)
lap "kernel $kernel"

if [ ! -e root.done ]; then
  rm -rf root
  # Unpacked only: no maintainer script runs, so that nothing needs emulation; the few results that a boot needs are made here.
  mmdebstrap --arch=arm64 --variant=extract --include='?essential' \
    --include=systemd,systemd-sysv,udev,dbus,kmod,procps,curl,libgpiod3,gpiod,libstdc++6,libgcc-s1 \
    --include=init-system-helpers,mount,login,passwd,libpam-runtime,netbase,busybox-static \
    trixie root "$mirror" > mmdebstrap.log 2>&1 || { tail mmdebstrap.log; exit 1; }
  cp root/usr/share/base-passwd/passwd.master root/etc/passwd; cp root/usr/share/base-passwd/group.master root/etc/group
  cp "$(find root/usr/share -name nsswitch.conf | head -n1)" root/etc/nsswitch.conf
  ln -sf mawk root/usr/bin/awk
  sed 's/^\([^:]*\):.*/\1:*:19000:0:99999:7:::/' root/etc/passwd > root/etc/shadow; chmod 640 root/etc/shadow; : > root/etc/gshadow
  systemd-sysusers --root="$work/root" >> mmdebstrap.log 2>&1 || true
  systemctl --root="$work/root" preset-all >> mmdebstrap.log 2>&1 || true
  touch root.done
fi
cp -a kernel/usr/lib/modules root/usr/lib/; depmod -b "$PWD/root/usr" "$kernel" 2> /dev/null || depmod -b "$PWD/root" "$kernel"
echo edge > root/etc/hostname; : > root/etc/machine-id; echo '/dev/vda / ext4 defaults 0 1' > root/etc/fstab
install -m 755 "$here/guest.sh" root/guest.sh; cp "$deb" root/onlinerlhf.deb
rm -rf root/hardware root/gpiod1; cp -a hardware root/hardware; cp -a gpiod1 root/gpiod1
cat > root/etc/systemd/system/vm-test.service <<'U'
[Unit]
After=multi-user.target
[Service]
Type=exec
ExecStart=/bin/sh -c 'if [ -e /booted ]; then exec /guest.sh 2; fi; touch /booted; sync /booted; exec /guest.sh 1'
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyAMA0
[Install]
WantedBy=default.target
U
mkdir -p root/etc/systemd/system/graphical.target.wants
ln -sf ../vm-test.service root/etc/systemd/system/graphical.target.wants/
# Nobody updates or logs in here; the journal is kept in memory.
touch root/etc/.updated root/var/.updated
for unit in systemd-timesyncd.service e2scrub_reap.service systemd-networkd-wait-online.service serial-getty@ttyAMA0.service getty@tty1.service \
  systemd-pcrextend.socket systemd-pstore.service dpkg-db-backup.timer apt-daily.timer apt-daily-upgrade.timer fstrim.timer \
  systemd-hwdb-update.service ldconfig.service systemd-journal-catalog-update.service \
  systemd-networkd.service systemd-networkd.socket systemd-resolved.service systemd-network-generator.service; do
  ln -sf /dev/null "root/etc/systemd/system/$unit"
done
rm -rf initrd; mkdir -p initrd/{dev,proc,sys,r}; cp root/usr/bin/busybox initrd/busybox
xz -dc "kernel/usr/lib/modules/$kernel/kernel/drivers/block/virtio_blk.ko.xz" > initrd/virtio_blk.ko
cat > initrd/init <<'I'
#!/busybox sh
/busybox mount -t devtmpfs d /dev; /busybox insmod /virtio_blk.ko
while [ ! -b /dev/vda ]; do /busybox sleep 0.05; done
/busybox mount -t ext4 -o rw /dev/vda /r; /busybox mount --move /dev /r/dev
exec /busybox switch_root /r /sbin/init
I
chmod 755 initrd/init; (cd initrd && find . | cpio -o -H newc --quiet | gzip -1) > initrd.gz
rm -f root.img; truncate -s 1536M root.img; mkfs.ext4 -q -F -E lazy_itable_init=1 -d root root.img
lap "image made"

# boot NUMBER   Boots until the guest says that it is done; a power cut kills the emulator in the middle of whatever it does.
boot() {
  : > "console-$1.log"
  qemu-system-aarch64 -M virt -cpu "${CPU:-cortex-a72}" -accel tcg,thread=multi -smp 2 -m 2048 -nic none -display none -no-reboot \
    -kernel Image -initrd initrd.gz \
    -append "console=ttyAMA0 root=/dev/vda rw quiet systemd.show_status=0" \
    -drive file=root.img,if=none,id=d,format=raw,cache=writeback -device virtio-blk-pci,drive=d \
    -serial "file:console-$1.log" < /dev/null 2> qemu.err &
  local emulator=$! waited=0
  tail -n +1 -f --pid=$emulator "console-$1.log" 2> /dev/null &
  while kill -0 $emulator 2> /dev/null && ((waited++ < ${LIMIT:-900})); do
    if grep -q 'VM-TEST-CUT-THE-POWER' "console-$1.log"; then kill -9 $emulator; lap "power cut"; break; fi
    sleep 1
  done
  kill -9 $emulator 2> /dev/null || true
  wait $emulator 2> /dev/null || true
  sleep 1
}
boot 1
grep -q VM-TEST-CUT-THE-POWER console-1.log || { lap "the first boot failed"; tail -n 5 qemu.err; exit 1; }
LIMIT=1800 boot 2
grep -q VM-TEST-PASS console-2.log || { lap "the second boot failed"; tail -n 5 qemu.err; exit 1; }
cat console-1.log console-2.log | tr -d '\r' | grep '^MEASURED' || true
passed=$(cat console-1.log console-2.log | grep -c '^PASS')
lap "done"
echo "VM test: $passed passed, 0 failed"
