#!/bin/bash
# Runs in the virtual machine at each boot. The first time it installs the package, presses a button and waits for the power to be cut; the second
# time it looks whether what was learned is still there, and presses again.
set -u
S=/run/onlinerlhf/onlinerlhf.sock
pass() { echo "PASS $*"; }
fail() {
  echo "FAIL $*"
  journalctl -u onlinerlhf -b --no-pager -o cat | tail -n 200
  systemctl status onlinerlhf.service onlinerlhf.socket --no-pager | head -40
  echo VM-TEST-FAIL
  poweroff -f
  exit 1
}
expect() { local what=$1; shift; if "$@" > /tmp/out 2>&1; then pass "$what"; else cat /tmp/out; fail "$what"; fi; }
call() { curl -sS --max-time 300 --unix-socket "$S" "$@"; }
line() {
  local chip=/sys/kernel/config/gpio-sim/edge
  echo "/sys/devices/platform/$(cat $chip/dev_name)/$(cat $chip/bank0/chip_name)/sim_gpio$1"
}
press() { echo pull-down > "$(line "$1")/pull"; sleep 1; echo pull-up > "$(line "$1")/pull"; sleep 2; }
comparisons() { call http://x/metrics | awk '/^onlinerlhf_comparisons_recorded_total/ { print $2 }'; }
ask() { call http://x/v1/rounds -d '{"messages":[{"role":"user","content":"How do I bake bread?"}],"seed":'"$1"'}'; }

echo "VM-TEST boot $1, kernel $(uname -r), $(uname -m), uptime $(cut -d' ' -f1 /proc/uptime)"
modprobe gpio-sim; mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
C=/sys/kernel/config/gpio-sim/edge
mkdir -p $C/bank0 && echo 8 > $C/bank0/num_lines && echo edge-gpio > $C/bank0/label && echo 1 > $C/live
for l in 0 1 2; do echo pull-up > "$(line $l)/pull"; done
udevadm settle

if [ "$1" = 1 ]; then
  expect "the package is installed" dpkg --force-depends -i /onlinerlhf.deb
  udevadm control --reload; udevadm trigger --subsystem-match=gpio; udevadm settle
  ls -l /dev/gpiochip*
  cat > /etc/onlinerlhf/onlinerlhf.json <<'J'
{
  "threads": 1, "candidates": 4, "max_tokens": 24,
  "gpio_chip": "edge-gpio", "buttons": "first:0,second:1,skip:2", "lamps": "thinking:3,ready:4,recorded:5,error:6"
}
J
  systemctl restart onlinerlhf.socket onlinerlhf.service || fail "the units start"
else
  for i in $(seq 120); do systemctl -q is-active onlinerlhf.service && break; sleep 1; done
fi
expect "the service is active" systemctl is-active onlinerlhf.service onlinerlhf.socket
expect "the model answers" call --fail http://x/health
for i in $(seq 20); do call http://x/health | grep -q '"board":"fine"' && break; sleep 1; done
call http://x/health; echo
expect "the board works" sh -c "curl -s --unix-socket $S http://x/health | grep -q '\"board\":\"fine\"'"
expect "the daemon runs as its own user, without rights" sh -c 'p=$(systemctl show -P MainPID onlinerlhf)
  [ "$(stat -c %U /proc/$p)" = onlinerlhf ] && grep -q "^CapEff:.*0000000000000000" /proc/$p/status && grep -q "^Seccomp:.*2" /proc/$p/status'

ask 1 > /tmp/round; cat /tmp/round; echo
grep -q '"asked":true' /tmp/round || fail "a pair is served over the socket"
pass "a pair is served over the socket"
[ "$(cat "$(line 4)/value")" = 1 ] && pass "the lamp ready shines" || fail "the lamp ready shines"
before=$(comparisons)
press 0
after=$(comparisons)
[ "$after" = $((before + 1)) ] && pass "a press of the button is recorded ($before, then $after)" ||
  fail "a press of the button is recorded ($before, then $after)"
[ "$(cat "$(line 4)/value")" = 0 ] && pass "the lamp ready is out" || fail "the lamp ready is out"
press 1
[ "$(comparisons)" = "$after" ] && pass "a press without a round is not recorded" || fail "a press without a round is not recorded"
stored=$(find /var/lib/onlinerlhf -name state.db | head -n1)
[ -s "$stored" ] && pass "the state is on the disk: $(stat -c '%s bytes' "$stored")" || fail "the state is on the disk"

if [ "$1" = 1 ]; then
  ask 2 > /tmp/round; id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' /tmp/round)
  call "http://x/v1/rounds/$id/feedback" -d '{"preferred":"second"}' | tee /learned; echo
  grep -q '"comparisons":2' /learned || fail "feedback over the socket is the second comparison"
  echo "$id" > /round-id; sync /round-id /learned
  pass "feedback over the socket is the second comparison"
  echo VM-TEST-CUT-THE-POWER
  sleep 600
fi
# Boot 2: one comparison of before the cut by a button, one over the socket, and the press just now.
id=$(cat /round-id)
again=$(call "http://x/v1/rounds/$id/feedback" -d '{"preferred":"second"}'); echo "$again"
echo "$again" | grep -q '"comparisons":2' && pass "what was acknowledged before the power was cut is still there" ||
  fail "what was acknowledged before the power was cut is still there"
ask 3 > /tmp/round; id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' /tmp/round)
third=$(call "http://x/v1/rounds/$id/feedback" -d '{"preferred":"first"}'); echo "$third"
echo "$third" | grep -q '"comparisons":4' && pass "the presses after the cut go on from there" || fail "the presses after the cut go on from there"

# How long from a finger, or from a request, until what was preferred is durable and acknowledged. curl's own start is not part of it.
exec 5< <(exec curl -sN --unix-socket "$S" http://x/v1/events)
wait_for() { while read -r -u 5 -t 20 event; do [ "$event" != "event: $1" ] || return 0; done; return 1; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f\n", (b - a) * 1000 }'; }
: > /tmp/pressed; : > /tmp/sent
for i in $(seq 20); do
  call http://x/v1/rounds -d '{"messages":[{"role":"user","content":"How do I bake bread?"}],"candidates":2,"max_tokens":8}' > /tmp/round
  # The shell reads slowly: nothing that came before is left to be read.
  wait_for round.opened
  t=$EPOCHREALTIME; echo pull-down > "$(line 0)/pull"; wait_for recorded && since "$t" >> /tmp/pressed
  echo pull-up > "$(line 0)/pull"; sleep 0.3
  call http://x/v1/rounds -d '{"messages":[{"role":"user","content":"How do I bake bread?"}],"candidates":2,"max_tokens":8}' > /tmp/round
  id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' /tmp/round)
  call -o /dev/null -w '%{time_total}\n' "http://x/v1/rounds/$id/feedback" -d '{"preferred":"second"}' |
    awk '{ printf "%.1f\n", $1 * 1000 }' >> /tmp/sent
  wait_for recorded
done
exec 5<&-
summary() {
  sort -n "$1" | awk -v what="$2" '{ v[NR] = $1 }
    END { printf "MEASURED %s: median %.1f ms, worst %.1f ms of %d\n", what, v[int((NR + 1) / 2)], v[NR], NR }'
}
summary /tmp/pressed "from the press of a button, its debounce of 30 ms included, to the event that it is recorded"
summary /tmp/sent "from a request over the socket to its acknowledgement"
[ "$(wc -l < /tmp/pressed)" = 20 ] && [ "$(wc -l < /tmp/sent)" = 20 ] && pass "twenty presses and twenty requests were recorded" ||
  fail "twenty presses and twenty requests were recorded"

# The contract that the driver in memory keeps, on a chip of its own: the daemon has the lines of the other.
T=/sys/kernel/config/gpio-sim/contract
mkdir -p $T/bank0 && echo 8 > $T/bank0/num_lines && echo contract-gpio > $T/bank0/label && echo 1 > $T/live
udevadm settle
export ONLINERLHF_GPIO_SIM_LABEL=contract-gpio DOTNET_TieredPGO=0
export ONLINERLHF_GPIO_SIM=/sys/devices/platform/$(cat $T/dev_name)/$(cat $T/bank0/chip_name)
systemctl stop onlinerlhf.service
contract() {
  (cd /hardware && timeout 600 ./OnlineRlhf.Hardware.Tests --no-ansi --no-progress \
    --filter-class OnlineRlhf.Hardware.Tests.SimulatorBoardTests) > /tmp/hardware 2>&1
  status=$?; tail -n 60 /tmp/hardware
  [ $status = 0 ] && pass "the board's contract is kept on gpio-sim, $1: $(awk '$1 == "succeeded:" { print $2 }' /tmp/hardware) tests" ||
    fail "the board's contract is kept on gpio-sim, $1"
}
contract "libgpiod 2"
# Debian 12's library asks for lines in a way that this kernel no longer answers, and Debian 12's own kernel simulates no chip: what can be shown
# is that it is found and asked for chips.
mkdir /hidden && mv /usr/lib/aarch64-linux-gnu/libgpiod.so.* /hidden/
expect "libgpiod 1 of Debian 12 is taken where 2 is missing" sh -c '
  LD_LIBRARY_PATH=/gpiod1/usr/lib/aarch64-linux-gnu onlinerlhf buttons test --gpio-chip none --buttons first:0,second:1 2>&1 |
    tee /dev/stderr | grep -q contract-gpio'
mv /hidden/* /usr/lib/aarch64-linux-gnu/
systemctl start onlinerlhf.service

systemd-analyze security onlinerlhf.service --no-pager | tail -n 1
expect "the sandbox is as tight as promised" sh -c 'systemd-analyze security --threshold=15 onlinerlhf.service > /dev/null'
journalctl -u onlinerlhf -b --no-pager -o short | tail -n 20
journalctl -u onlinerlhf -b --no-pager -o json | grep -q '"PRIORITY":"3"' && pass "an error has an error's priority in the journal" ||
  fail "an error has an error's priority in the journal"
expect "the package is removed, the state kept" sh -c "dpkg --force-depends -r onlinerlhf && [ -s $stored ] && [ ! -e /usr/bin/onlinerlhf ]"
expect "purging takes the state" sh -c "dpkg --force-depends -P onlinerlhf && [ ! -e /var/lib/onlinerlhf ]"
echo VM-TEST-PASS
poweroff -f
