#!/usr/bin/env bash
# fetch-natives.sh RID OUT   Puts llama.cpp's libraries for RID, in the version that llama.lock pins, into the folder OUT.
# RID may also be vulkan-RID for the Vulkan backend alone (only if npm has a build), or source for llama.cpp's source as a git bundle (see
# build-natives.sh). The script runs npm only if OUT does not hold undamaged libraries already.
# It prints one line. On failure that line says what to do, and MSBuild shows it as the error.
set -euo pipefail

rid=${1:?usage: fetch-natives.sh RID OUT} out=$(realpath -m "${2:?usage: fetch-natives.sh RID OUT}")
here=$(dirname "$(realpath "$0")")
otherwise="Or set ONLINERLHF_NATIVES to a folder that holds the llama.cpp v0.5.0 libraries (libllama*.so, libggml*.so) for $rid."
fail() { echo "fetch-natives: $1 $otherwise" >&2; exit 1; }

pin=$(awk -v rid="$rid" '$1 == rid' "$here/llama.lock")
[ -n "$pin" ] || fail "packaging/llama.lock has no libraries for $rid."
read -r _ package version integrity <<< "$pin"

# Projects build in parallel. One of them fetches the libraries; the others wait here and then find the stamp.
mkdir -p "$(dirname "$out")"
exec 9> "$out.lock"
flock 9
# The stamp holds the pinned hash and what this script changed in the files.
stamp="$integrity runpath"
if [ "$(cat "$out/.integrity" 2> /dev/null)" = "$stamp" ] && (cd "$out" && sha256sum --check --status .sha256) 2> /dev/null; then exit 0; fi

command -v npm > /dev/null || fail "npm is not installed, and it is needed once to fetch $package@$version (Debian: apt-get install npm)."
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT

# npm prefers its cache, so a machine that has fetched once can build without a network.
(cd "$work" && npm pack --prefer-offline --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 "$package@$version" > npm.log 2>&1) ||
  fail "npm could not fetch $package@$version ($(grep -m1 -E 'code|errno' "$work/npm.log" || tail -n1 "$work/npm.log")). \
Check the network and npm's registry setting, then build again."
tarball=$(echo "$work"/*.tgz)

# Convert the hash to the form that npm prints: base64 of the raw digest.
found=sha512-$(sha512sum < "$tarball" | cut -c-128 | tr a-f A-F | basenc -d --base16 | base64 -w0)
[ "$found" = "$integrity" ] ||
  fail "$package@$version is not what packaging/llama.lock pins (expected $integrity, found $found). \
Do not use it. If npm's cache is damaged, 'npm cache clean --force' and a new build help."

# -m gives the files the time of unpacking, so that copies of an older version count as old.
case $rid in
  source) members=('package/llama/gitRelease.bundle') ;;
  vulkan-*) members=('package/bins/*/libggml-vulkan.so') ;;
  *) members=('package/bins/*/lib*.so') ;;
esac
tar xzmf "$tarball" -C "$work" --wildcards "${members[@]}" package/LICENSE --exclude='libllama-common.so'
mkdir "$work/new"
find "$work/package" -name '*.so' -exec mv -t "$work/new" {} + -o -name '*.bundle' -exec mv -t "$work/new" {} +
mv "$work/package/LICENSE" "$work/new/LICENSE.node-llama-cpp"
cp "$here/LICENSE.llama.cpp" "$work/new"
# npm's libraries also look for each other in the working directory (an empty path after the colon) and in a folder of their builder. Remove that.
find "$work/new" -name '*.so' -exec perl -0777 -pi -e 's/(\$ORIGIN):([^\0]*)/$1 . "\0" x (1 + length $2)/ge' {} +
chmod 644 "$work"/new/*
(cd "$work/new" && sha256sum -- * > .sha256)
echo "$stamp" > "$work/new/.integrity"
rm -rf "$out"
mv "$work/new" "$out"
echo "fetch-natives: $package@$version is in $out"
