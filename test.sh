#!/usr/bin/env bash
# test.sh [--quick]   Builds everything, publishes the program with Native AOT and runs all tests. The last line of the output counts them.
#   --quick   leaves out Native AOT, the end-to-end tests of the published program, arm64, and the test of the package under a real systemd
# Installs a compiler and the arm64 tools with apt-get if they are missing.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"

quick=false
case ${1:-} in
  '') ;;
  --quick) quick=true ;;
  *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
esac

export DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1
step() { printf '\n== %s\n' "$*"; }
fail() { echo "test.sh: $*" >&2; exit 1; }

# Every process that the tests start has this mark in its environment, even after its parent has ended. So cleanup finds and ends them all.
run=$$-$(date +%s%N)
logs=$(mktemp -d)
cleanup() {
  grep -lzsx "ONLINERLHF_TEST_RUN=$run" /proc/[0-9]*/environ | cut -d/ -f3 | xargs -r kill -9 2> /dev/null || true
  rm -rf "$logs"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# apt_get ARGUMENTS   Runs apt-get once no other apt is running, because a second apt can delete packages that the first has just downloaded.
apt_get() {
  local sudo=() tries=0
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  while grep -qsxE 'apt|apt-get|dpkg' /proc/[0-9]*/comm; do
    ((++tries < 60)) || fail "another apt has been running for five minutes."
    sleep 5
  done
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" > "$logs/apt" 2>&1 || { cat "$logs/apt"; fail "apt-get $* failed."; }
}

prerequisites() {
  local missing=() gcc
  command -v clang > /dev/null || missing+=(clang)
  # It fetches the libraries of llama.cpp that the packages hold, and OpenAI's library for JavaScript.
  command -v npm > /dev/null || missing+=(npm)
  # The libraries of LLamaSharp.Backend.Cpu need libgomp1. Everything but the published program uses them.
  compgen -G '/usr/lib/*/libgomp.so.1' > /dev/null || missing+=(libgomp1)
  # A Vulkan driver that needs no GPU.
  compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' > /dev/null || missing+=(mesa-vulkan-drivers)
  compgen -G '/usr/lib/*/libvulkan.so.1' > /dev/null || missing+=(libvulkan1)
  if $cross; then
    command -v aarch64-linux-gnu-objcopy > /dev/null || missing+=(binutils-aarch64-linux-gnu)
    command -v qemu-aarch64-static > /dev/null || missing+=(qemu-user-static)
    [ -e /usr/aarch64-linux-gnu/lib/libc.so ] || missing+=(libc6-dev-arm64-cross)
    compgen -G '/usr/lib/gcc-cross/aarch64-linux-gnu/*/crtbeginS.o' > /dev/null || missing+=(libgcc-dev-arm64-cross)
  fi
  # Only root can run the test of the package.
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    command -v systemd-nspawn > /dev/null || missing+=(systemd-container)
    command -v mmdebstrap > /dev/null || missing+=(mmdebstrap)
    # The example that reads answers aloud needs jq.
    command -v jq > /dev/null || missing+=(jq)
  fi
  [ ${#missing[@]} != 0 ] || return 0
  if ! command -v apt-get > /dev/null || { [ "$(id -u)" != 0 ] && ! sudo -n true 2> /dev/null; }; then
    fail "missing: ${missing[*]} (Debian's names). Install them as root, or run ./test.sh --quick, which needs none of them."
  fi
  step "Installing ${missing[*]}"
  apt_get update
  # The package's name contains the compiler's version: 12 in Debian 12, 14 in Debian 13.
  gcc=$(apt-cache search --names-only '^libgcc-[0-9]+-dev-arm64-cross$' | awk '{ print $1 }' | sort -V | tail -n1)
  apt_get install -y --no-install-recommends "${missing[@]/#libgcc-dev-arm64-cross/${gcc:-libgcc-dev-arm64-cross}}"
}

publish() {
  step "Publishing for $1 with Native AOT"
  rm -rf "artifacts/publish/$1"
  dotnet publish src/OnlineRlhf.Daemon/OnlineRlhf.Daemon.csproj -c Release -r "$1" -o "artifacts/publish/$1" \
    -p:ContinuousIntegrationBuild=true -v minimal 2>&1 | tee "$logs/publish" || fail "publishing for $1 failed."
  ! grep -qE '\bIL[0-9]{4}\b' "$logs/publish" || fail "publishing for $1 gave trim or AOT warnings."
  [ -x "artifacts/publish/$1/onlinerlhf" ] || fail "publishing for $1 left no artifacts/publish/$1/onlinerlhf."
}

native=linux-x64 cross=false
if [ "$(uname -m)" = aarch64 ]; then native=linux-arm64; elif ! $quick; then cross=true; fi

$quick || prerequisites

step "Checking the format"
dotnet tool restore > "$logs/tools" || { cat "$logs/tools"; fail "the formatter could not be fetched."; }
dotnet csharpier check src tests || fail "the code is not formatted: run dotnet csharpier format src tests."

# Every tracked file is checked, or every file where there is no git checkout. Exempt are prose and data, what a program writes (the solution,
# openapi.json, the completion and the manual), and the signatures that the AOT compiler compares.
step "Checking the length of lines"
unwrapped='\.(md|txt|lock|sln)$|^docs/openapi\.json$|^src/.*/Substitutions\.xml$|^packaging/debian/(completion\.bash|onlinerlhf\.1)$'
[ -e .git ] && git ls-files -z > "$logs/files" 2> /dev/null ||
  find . \( -name .git -o -name artifacts -o -name .vs -o -path ./paper \) -prune -o -type f -printf '%P\0' > "$logs/files"
grep -zvE "$unwrapped" "$logs/files" | LC_ALL=C.UTF-8 xargs -0r grep -nHIP '^.{151,}' > "$logs/long" || true
[ ! -s "$logs/long" ] || { cat "$logs/long"; fail "these lines are longer than 150 characters."; }

step "Building"
dotnet build OnlineRlhf.sln -c Release -v minimal

unset ONLINERLHF_PUBLISHED ONLINERLHF_PUBLISHED_ARM64 ONLINERLHF_VULKAN ONLINERLHF_TEST_NATIVES ONLINERLHF_JAVASCRIPT
if ! $quick; then
  publish $native
  export ONLINERLHF_PUBLISHED=$PWD/artifacts/publish/$native/onlinerlhf
  rm -rf artifacts/javascript
  cp -r tests/OnlineRlhf.EndToEnd.Tests/Chat/javascript artifacts/javascript
  npm ci --prefix artifacts/javascript --no-audit --no-fund > "$logs/npm" 2>&1 ||
    { cat "$logs/npm"; fail "OpenAI's library for JavaScript could not be fetched."; }
  export ONLINERLHF_JAVASCRIPT=$PWD/artifacts/javascript
  if $cross; then
    publish linux-arm64
    export ONLINERLHF_PUBLISHED_ARM64=$PWD/artifacts/publish/linux-arm64/onlinerlhf
    # npm has the Vulkan backend only for x64. Building it for arm64 takes minutes, so tests/vulkan/run.sh tests that.
    packaging/build-natives.sh amd64 artifacts/natives/packaged > "$logs/natives" 2>&1 ||
      { cat "$logs/natives"; fail "the packages' libraries could not be fetched."; }
    export ONLINERLHF_VULKAN=$PWD/artifacts/natives/packaged/vulkan
  fi
fi

# A real model is too large for the repository. Its tests run only if its file is in or beside the checkout, or if the variable names it.
: "${ONLINERLHF_SMOLLM2:=$(find -L . .. -maxdepth 3 -name 'SmolLM2-135M-Instruct*.gguf' \
  -not -path '*/artifacts/*' -print -quit 2> /dev/null || true)}"
[ -z "$ONLINERLHF_SMOLLM2" ] || export ONLINERLHF_SMOLLM2=$(realpath "$ONLINERLHF_SMOLLM2")

step "Testing"
modules=''
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  if $quick && [ "$name" = OnlineRlhf.EndToEnd.Tests ]; then continue; fi
  module=artifacts/bin/$name/release/$name.dll
  [ -e "$module" ] || fail "$module was not built: is $project in OnlineRlhf.sln?"
  modules+="$module;"
done

passed=0 failed=0 skipped=0 status=0
# test_modules MINUTES MODULES   Runs test modules and adds to the counts. It runs one module at a time, because some tests measure times.
# A test that hangs ends the run after MINUTES. --foreground passes signals for this script on to the tests.
test_modules() {
  local code=0 p f s
  env ONLINERLHF_TEST_RUN="$run" timeout --foreground -k 10 "$1m" dotnet test --test-modules "$2" --root-directory "$PWD" \
    --max-parallel-test-modules 1 --no-ansi --no-progress < /dev/null 2>&1 | tee "$logs/test" || code=$?
  # These are the runner's own sums. "error" counts modules that crashed or ran no test at all, which are failures too.
  count() { awk -v key="$1:" '/^Test run summary/ { summary = 1 } summary && $1 == key && NF == 2 { n = $2 } END { print n + 0 }' "$logs/test"; }
  p=$(count succeeded) f=$(($(count failed) + $(count error))) s=$(count skipped)
  [ "$code" = 0 ] && [ "$p" -gt 0 ] && [ "$f" = 0 ] || { status=1; [ "$f" != 0 ] || f=1; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

test_modules 20 "${modules%;}"
if $cross; then
  step "Testing the engine on the packages' libraries"
  # The tests of the published program have run SmolLM2 on these libraries.
  ONLINERLHF_SMOLLM2='' ONLINERLHF_TEST_NATIVES=$PWD/artifacts/natives/packaged \
    test_modules 5 artifacts/bin/OnlineRlhf.Inference.Tests/release/OnlineRlhf.Inference.Tests.dll
fi

# Test the package as it is installed. The last line of this test gives the result; if it is missing, the test ended early.
if ! $quick; then
  step "Testing the package under systemd"
  service=0
  env ONLINERLHF_TEST_RUN="$run" timeout --foreground -k 10 8m tests/service/run.sh artifacts/service "artifacts/publish/$native" \
    < /dev/null 2>&1 | tee "$logs/service" || service=$?
  read -r p f s <<< "$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 \4/p' "$logs/service")" || true
  [ "$service" = 0 ] && [ "${f:-1}" = 0 ] || { status=1; [ "${f:-0}" != 0 ] || f=1; }
  passed=$((passed + ${p:-0})) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
fi
echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
exit "$status"
