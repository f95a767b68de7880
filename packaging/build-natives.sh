#!/usr/bin/env bash
# build-natives.sh amd64|arm64 [OUT]   Makes llama.cpp's Vulkan backend, artifacts/natives/vulkan-RID/libggml-vulkan.so, and fetches the CPU libraries
# that belong to it into artifacts/natives/RID. Does this once per version that llama.lock pins.
# With OUT, the script also puts both into OUT, stripped (the backend into OUT/vulkan). ONLINERLHF_NATIVES accepts this folder.
# amd64: fetches npm's build. arm64: builds llama.cpp's source in five minutes on two cores (JOBS), with 3 GB of memory each. This needs Debian and
# root, because the script installs compilers with apt.
set -euo pipefail
arch=${1:?usage: build-natives.sh amd64|arm64 [OUT]}
case $arch in
  amd64) rid=linux-x64 triplet=x86_64-linux-gnu ;;
  arm64) rid=linux-arm64 triplet=aarch64-linux-gnu ;;
  *) echo "build-natives.sh: amd64 or arm64, not $arch" >&2; exit 2 ;;
esac
here=$(dirname "$(realpath "$0")") root=$(dirname "$(dirname "$(realpath "$0")")")
natives=$root/artifacts/natives made=$root/artifacts/natives/vulkan-$rid
prefix=$triplet-; [ "$(dpkg --print-architecture)" != "$arch" ] || prefix=''

# build   Builds only ggml-vulkan of llama.cpp. That is enough, because its C interface to ggml-base is fixed within one ggml version.
build() {
  local pin packages=(cmake ninja-build git binutils) cross=() mirror options
  pin=$(awk '$1 == "source" { print $4 }' "$here/llama.lock")
  [ "$(cat "$made/.integrity" 2> /dev/null)" != "$pin" ] || ! (cd "$made" && sha256sum --check --status .sha256) 2> /dev/null || return 0
  "$here/fetch-natives.sh" source "$natives/source" >&2
  if [ -n "$prefix" ]; then
    packages+=("g++-${triplet//_/-}")
    cross=(-DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=${triplet%%-*}")
  else
    packages+=(g++)
  fi
  dpkg -s "${packages[@]}" > /dev/null 2>&1 || apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2

  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  git -c advice.detachedHead=false clone -q "$natives/source/gitRelease.bundle" source

  # Take the shader compiler and Vulkan headers of Debian 13, because Debian 12's are too old. Unpack them without installing: the shader compiler
  # then runs with the C library of Debian 13.
  local host=$(dpkg --print-architecture) hosted
  hosted=$(dpkg-architecture -q DEB_HOST_MULTIARCH 2> /dev/null || gcc -print-multiarch)
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' | awk '$2 == "Debian" { print $1; exit }')
  mkdir -p apt/lists/partial apt/cache/archives/partial debs tools
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:?run apt-get update first} trixie main" > apt/sources.list
  options=(-qq -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o "APT::Architectures=$host,$arch" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd debs && apt-get "${options[@]}" download {glslc,libshaderc1,libc6,libstdc++6,libgcc-s1,libvulkan-dev,spirv-headers}":$host" "libvulkan1:$arch")
  for deb in debs/*.deb; do dpkg -x "$deb" tools; done
  cat > glslc <<EOF
#!/bin/sh
exec "$(echo "$work"/tools/usr/lib*/ld-linux-*.so.*)" --library-path "$work/tools/usr/lib/$hosted" "$work/tools/usr/bin/glslc" "\$@"
EOF
  chmod +x glslc

  # Build on the oldest Debian that is supported, because the result needs the C library of its compiler: GLIBC_2.34 with Debian 12's.
  cmake -S source -B build -G Ninja "${cross[@]}" "-DCMAKE_C_COMPILER=${prefix}gcc" "-DCMAKE_CXX_COMPILER=${prefix}g++" \
    "-DCMAKE_C_FLAGS=-ffile-prefix-map=$work=." "-DCMAKE_CXX_FLAGS=-ffile-prefix-map=$work=." -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
    -DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON '-DCMAKE_INSTALL_RPATH=$ORIGIN' \
    -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU=OFF -DGGML_OPENMP=OFF -DGGML_VULKAN=ON \
    -DLLAMA_BUILD_{COMMON,TESTS,TOOLS,EXAMPLES,SERVER,APP}=OFF \
    "-DVulkan_INCLUDE_DIR=$work/tools/usr/include" "-DVulkan_LIBRARY=$work/tools/usr/lib/$triplet/libvulkan.so.1" \
    "-DVulkan_GLSLC_EXECUTABLE=$work/glslc" "-DSPIRV-Headers_DIR=$work/tools/usr/share/cmake/SPIRV-Headers" \
    > cmake.log 2>&1 || { tail -n 30 cmake.log >&2; exit 1; }
  nice -n 10 ninja -C build -j"${JOBS:-2}" ggml-vulkan > ninja.log 2>&1 || { tail -n 30 ninja.log >&2; exit 1; }

  mkdir new
  install -m 644 build/bin/libggml-vulkan.so "$here/LICENSE.llama.cpp" new
  "${prefix}strip" --strip-unneeded new/libggml-vulkan.so
  (cd new && sha256sum -- * > .sha256)
  echo "$pin" > new/.integrity
  rm -rf "$made"
  mkdir -p "$natives"
  mv new "$made"
  echo "build-natives: built $made/libggml-vulkan.so" >&2
  cd "$root"
}

"$here/fetch-natives.sh" "$rid" "$natives/$rid" >&2
if [ $arch = amd64 ]; then "$here/fetch-natives.sh" "vulkan-$rid" "$made" >&2; else build; fi
[ -n "${2:-}" ] || { echo "$made"; exit 0; }
mkdir -p "$2/vulkan"
install -m 644 "$natives/$rid"/lib*.so "$natives/$rid"/LICENSE* "$2"
install -m 644 "$made/libggml-vulkan.so" "$2/vulkan"
"${prefix}strip" --strip-unneeded "$2"/*.so "$2"/vulkan/*.so
echo "$2"
