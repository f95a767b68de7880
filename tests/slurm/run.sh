#!/usr/bin/env bash
# tests/slurm/run.sh [OUT]   Runs the report's quick form as a job array on a one-node Slurm of Debian's packages, and once as a single program:
# the merged report must be the single run's in every number but the times. As root, some five minutes; installs slurm-wlm where it is missing.
# OUT keeps reports and logs.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
out=$(realpath -m "${1:-artifacts/slurm}") tasks=4 passed=0 failed=0
[ "$(id -u)" = 0 ] || { echo "tests/slurm/run.sh: run it as root: it starts Slurm's daemons." >&2; exit 2; }
check() { if eval "$2"; then echo "PASS $1"; passed=$((passed + 1)); else echo "FAIL $1"; failed=$((failed + 1)); fi; }

missing=()
for package in slurmctld slurmd slurm-client munge; do dpkg -s "$package" > /dev/null 2>&1 || missing+=("$package"); done
if [ ${#missing[@]} != 0 ]; then
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
fi

dotnet build src/OnlineRlhf.Experiments -c Release -v quiet
program=$PWD/artifacts/bin/OnlineRlhf.Experiments/release/onlinerlhf-experiments
rm -rf "$out"
mkdir -p "$out"/{state,spool,run}
run=$out/run

# A Slurm of its own beside any other: its own ports, key, folders and names.
dd if=/dev/urandom of="$run/munge.key" bs=1024 count=1 status=none
chmod 700 "$run" && chmod 600 "$run/munge.key"
host=$(hostname -s)
cat > "$run/slurm.conf" <<CONF
ClusterName=onlinerlhf-test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$run/munge.socket
CredType=cred/munge
StateSaveLocation=$out/state
SlurmdSpoolDir=$out/spool
SlurmctldPidFile=$run/slurmctld.pid
SlurmdPidFile=$run/slurmd.pid
SlurmctldLogFile=$out/slurmctld.log
SlurmdLogFile=$out/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 1024 * 9 / 10)) State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$run/slurm.conf
trap 'pkill -P $$ || true; pkill -f "$run/" || true' EXIT

# munged insists on folders that only its user writes below; this tree may lie anywhere.
munged --force --foreground --key-file "$run/munge.key" --socket "$run/munge.socket" --pid-file "$run/munged.pid" \
  --log-file "$out/munged.log" --seed-file "$run/munged.seed" > "$out/munged.out" 2>&1 &
for _ in $(seq 50); do [ -S "$run/munge.socket" ] && break; sleep 0.2; done
slurmctld -D -f "$SLURM_CONF" > "$out/slurmctld.out" 2>&1 &
slurmd -D -f "$SLURM_CONF" -N "$host" > "$out/slurmd.out" 2>&1 &
for _ in $(seq 100); do sinfo -h -o %T 2> /dev/null | grep -qx idle && break; sleep 0.3; done
check "a one-node Slurm is up" "sinfo -h -o %T | grep -qx idle"

cd "$out"
sbatch --wait --quiet --array=1-$tasks --cpus-per-task=1 --mem=2G "$OLDPWD/src/OnlineRlhf.Experiments/Slurm/paper.sbatch" \
  "$program" "$out/merged" --quick || true
check "every task of the array has ended well" "! grep -l 'Unhandled\|error' $out/paper-*.log && [ \$(ls $out/paper-*.log | wc -l) = $tasks ]"
check "no task wrote a report" "[ ! -e $out/merged/report.md ]"
"$program" paper --quick --output "$out/merged" > "$out/merge.log" || true
check "nothing was left to compute" "! grep -q 'cells computed' $out/merge.log"
"$program" paper --quick --output "$out/single" > "$out/single.log" || true
check "the merged numbers are the single run's, byte for byte" "cmp $out/merged/numbers.json $out/single/numbers.json"
check "and so is the report, but for the times" "diff <(grep -v ⏱ $out/merged/report.md) <(grep -v ⏱ $out/single/report.md)"
check "and so are its plots, but for that of the times" "diff -r -x cost.svg -x report.md -x 'results*' $out/merged $out/single"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
