#!/usr/bin/env bash
# tests/vulkan/run.sh [WORK]   The arm64 program and its Vulkan backend on Mesa's software driver of Debian 13, under qemu-user, from nothing: a
# round is served with every layer on the device. Needs apt and what build-natives.sh needs; every shader is compiled by an emulated compiler, which
# takes minutes (WORK: artifacts/vulkan).
set -euo pipefail
root=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
work=$(realpath -m "${1:-$root/artifacts/vulkan}")
mkdir -p "$work" && cd "$work"
start=$(date +%s)
lap() { printf '## %4d s  %s\n' $(($(date +%s) - start)) "$*"; }
fail() { echo "FAILED: $*"; tail -n 20 log 2> /dev/null; exit 1; }

missing=()
for need in qemu-aarch64-static:qemu-user-static mmdebstrap:mmdebstrap curl:curl jq:jq; do
  command -v "${need%%:*}" > /dev/null || missing+=("${need#*:}")
done
[ ${#missing[@]} = 0 ] || apt-get install -y -qq --no-install-recommends "${missing[@]}"

dotnet publish "$root/src/OnlineRlhf.Daemon" -c Release -r linux-arm64 -o publish -v quiet
backend=$("$root/packaging/build-natives.sh" arm64)
mkdir -p publish/natives/vulkan
cp "$backend/libggml-vulkan.so" publish/natives/vulkan/
lap "program and backend"

if [ ! -e root.done ]; then
  rm -rf root
  mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n1)}
  mmdebstrap --arch=arm64 --variant=extract --include=libc6,libstdc++6,libgcc-s1,libvulkan1,mesa-vulkan-drivers \
    trixie root "$mirror" > mmdebstrap.log 2>&1 || { tail mmdebstrap.log; exit 1; }
  # What base-files would have made.
  [ -e root/lib ] || ln -s usr/lib root/lib
  touch root.done
fi
# The driver by its name, so that the emulated loader finds it among its own libraries.
sed 's#: *"/usr/lib/.*/#: "#' root/usr/share/vulkan/icd.d/lvp_icd*.json > lvp.json
lap "Debian 13, arm64"

rm -rf run state
mkdir -m 700 run state
export RUNTIME_DIRECTORY=$work/run STATE_DIRECTORY=$work/state
export VK_DRIVER_FILES=$work/lvp.json VK_ICD_FILENAMES=$work/lvp.json GALLIVM_PERF=nopt MESA_SHADER_CACHE_DIR=$work/cache
serve() {
  exec qemu-aarch64-static -L root publish/onlinerlhf serve --threads 1 --candidates 2 --max-tokens 6 --style-hints none --time-target 0 --device "$1"
}
get() { curl -s --max-time 1500 --unix-socket run/onlinerlhf.sock "http://localhost$1" "${@:2}"; }
# ready DEVICE   Starts the daemon and waits until its model answers.
ready() {
  (serve "$1" > log 2>&1) & daemon=$!
  for _ in $(seq 1500); do
    if get /health | jq -e '.status == "ready"' > /dev/null 2>&1; then return; fi
    kill -0 $daemon 2> /dev/null || fail "the daemon ended"
    sleep 1
  done
  fail "the model does not answer"
}
trap 'kill $daemon 2> /dev/null || true' EXIT

# A model is calibrated once, whatever the device: thousands of tokens.
ready cpu
kill $daemon; wait $daemon || true
lap "calibrated on the CPU"
ready vulkan-software
get /health | jq -c .device
get /health | jq -e '.device | (.name | startswith("Vulkan0")) and .gpu_layers == "5/5"' > /dev/null ||
  fail "the device is not used, or not for every layer"
lap "model loaded"
id=$(get /v1/rounds -d '{"messages": [{"role": "user", "content": "How do I boil an egg?"}]}' | tee round.json | jq -r .id)
jq -e '(.first.text | length) > 0' round.json > /dev/null || fail "no answer: $(cat round.json)"
lap "a round served"
get "/v1/rounds/$id/feedback" -d '{"preferred": "first"}' | jq -e '.recorded and .comparisons == 1' > /dev/null || fail "the press was not recorded"
kill $daemon; wait $daemon || true
echo "PASSED: arm64, Vulkan on Mesa's software driver"
