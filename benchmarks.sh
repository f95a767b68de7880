#!/usr/bin/env bash
# benchmarks.sh [VERB] [OPTION]...   Publishes the daemon and the benchmarks with Native AOT for this machine.
#   Then it runs all benchmarks or the one named VERB.
#   Verbs: all, update, acknowledge, bytes, engine, chat, daemon, tastes, steered and talk (hours, not in all). --help shows the options.
# chat needs llama.cpp's own server. The script builds it once from the pinned source, which takes some ten minutes and needs cmake, ninja and g++.
# The script prints a table for each benchmark and adds the numbers to artifacts/benchmarks.json. ONLINERLHF_SMOLLM2 names the GGUF file of
# SmolLM2-135M-Instruct. Without it, the benchmarks that need this model are left out or run on the demo model.
# Do not use the machine meanwhile, because other work distorts the times.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

case ${1:-all} in
  all | update | acknowledge | bytes | engine | chat | daemon | tastes | steered | talk | --*) ;;
  *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac

rid=linux-x64
[ "$(uname -m)" != aarch64 ] || rid=linux-arm64
command -v clang > /dev/null || { echo "benchmarks.sh: Native AOT needs clang: install it with your package manager." >&2; exit 1; }

out=$PWD/artifacts/benchmarks/$rid
for project in src/OnlineRlhf.Daemon tests/OnlineRlhf.Benchmarks; do
  echo "Publishing $(basename "$project") for $rid with Native AOT" >&2
  dotnet publish "$project" -c Release -r "$rid" -o "$out/$(basename "$project")" -v quiet >&2
done

[ $# -gt 0 ] || set -- all
# given OPTION ARGUMENT...   Whether the option is among the arguments. The user's options win over the defaults below.
given() { local wanted=$1 word; shift; for word in "$@"; do [ "$word" != "$wanted" ] || return 0; done; return 1; }
given --directory "$@" || set -- "$@" --directory "$PWD/artifacts"
given --json "$@" || set -- "$@" --json "$PWD/artifacts/benchmarks.json"
given --daemon "$@" || set -- "$@" --daemon "$out/OnlineRlhf.Daemon/onlinerlhf"
case " $* " in
  *' --llama-server '* | *' --help '*) ;;
  *' all '* | *' chat '*)
    if built=$(tests/OnlineRlhf.Benchmarks/build-llama-server.sh "$PWD/artifacts/benchmarks/llama-server"); then
      set -- "$@" --llama-server "$built"
    fi ;;
esac
exec "$out/OnlineRlhf.Benchmarks/onlinerlhf-benchmarks" "$@"
