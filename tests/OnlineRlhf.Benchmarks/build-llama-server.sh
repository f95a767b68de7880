#!/usr/bin/env bash
# build-llama-server.sh OUT   Builds llama.cpp's own server from the source that packaging/llama.lock pins, with the libraries that it runs on,
# into the folder OUT: the benchmark chat runs both engines on them. Needs cmake, ninja and a C++ compiler, and takes some ten minutes on two cores
# (JOBS). Prints OUT.
set -euo pipefail
out=$(realpath -m "${1:?usage: build-llama-server.sh OUT}")
root=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
pin=$(awk '$1 == "source" { print $4 }' "$root/packaging/llama.lock")
if [ "$(cat "$out/.pin" 2> /dev/null)" = "$pin" ]; then echo "$out"; exit 0; fi
for need in cmake ninja g++ git; do
  command -v $need > /dev/null || { echo "build-llama-server.sh: $need is missing: install it (Debian: cmake ninja-build g++ git)." >&2; exit 1; }
done
# Both engines compute with the same CPU backend: the one of the packages that runs on every processor of the last ten years.
rid=linux-x64 variant=haswell; [ "$(uname -m)" != aarch64 ] || rid=linux-arm64 variant=armv8.2_2

"$root/packaging/fetch-natives.sh" "$rid" "$root/artifacts/natives/$rid" >&2
"$root/packaging/fetch-natives.sh" source "$root/artifacts/natives/source" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
git -c advice.detachedHead=false clone -q "$root/artifacts/natives/source/gitRelease.bundle" source
cmake -S source -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON \
  -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON '-DCMAKE_INSTALL_RPATH=$ORIGIN' -DGGML_BACKEND_DL=ON -DGGML_CPU=OFF -DGGML_OPENMP=OFF \
  -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_WEBUI=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_BUILD_{TESTS,EXAMPLES}=OFF \
  > cmake.log 2>&1 || { tail -n 30 cmake.log >&2; exit 1; }
nice -n 10 ninja -C build -j"${JOBS:-2}" llama-server > ninja.log 2>&1 || { tail -n 30 ninja.log >&2; exit 1; }
rm -rf "$out"
mkdir -p "$out"
cp build/bin/llama-server build/bin/lib*.so "$out"
for library in libllama.v0.5.0 libggml.v0.5.0 libggml-base "libggml-cpu-$variant"; do cp "$root/artifacts/natives/$rid/$library.so" "$out"; done
echo "$pin" > "$out/.pin"
echo "$out"
