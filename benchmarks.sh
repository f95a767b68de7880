#!/usr/bin/env bash
# benchmarks.sh [VERB] [OPTION]...   Publishes the daemon and the benchmarks with Native AOT for this machine and runs them: all, or the one that VERB names.
#   Verbs: all, update, acknowledge, bytes, engine, chat, daemon, tastes. --help shows the options.
# chat needs llama.cpp's own server, which is built once from the pinned source, in some ten minutes (cmake, ninja and g++).
# Prints a table for each and adds the numbers to artifacts/benchmarks.json. ONLINERLHF_SMOLLM2 names the GGUF file of SmolLM2-135M-Instruct: without it, what
# needs that model is left out or runs on the demo model. Leave the machine alone meanwhile: other work distorts the times.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

case ${1:-all} in
  all | update | acknowledge | bytes | engine | chat | daemon | tastes | --*) ;;
  *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
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
# given OPTION ARGUMENT...   Whether the option is among the arguments: what is given wins over what stands here.
given() { local wanted=$1 word; shift; for word in "$@"; do [ "$word" != "$wanted" ] || return 0; done; return 1; }
given --directory "$@" || set -- "$@" --directory "$PWD/artifacts"
given --json "$@" || set -- "$@" --json "$PWD/artifacts/benchmarks.json"
given --daemon "$@" || set -- "$@" --daemon "$out/OnlineRlhf.Daemon/onlinerlhf"
case " $* " in
  *' --llama-server '* | *' --help '*) ;;
  *' all '* | *' chat '*)
    if built=$(tests/OnlineRlhf.Benchmarks/build-llama-server.sh "$PWD/artifacts/benchmarks/llama-server"); then set -- "$@" --llama-server "$built"; fi ;;
esac
exec "$out/OnlineRlhf.Benchmarks/onlinerlhf-benchmarks" "$@"
