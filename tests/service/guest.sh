#!/bin/bash
# Runs in the container, as a service, once it has booted. A line for each check; the journal follows a failed one.
set -u
S=/run/onlinerlhf/onlinerlhf.sock unit=onlinerlhf.service conf=/etc/onlinerlhf/onlinerlhf.json drop=/run/systemd/system/onlinerlhf.service.d
export DEBIAN_FRONTEND=noninteractive
# check WHAT COMMAND...
check() {
  local what=$1; shift
  if "$@" > /tmp/out 2>&1; then echo "PASS $what"; return; fi
  echo "FAIL $what"; tail -n 20 /tmp/out
  systemctl status onlinerlhf.service onlinerlhf.socket --no-pager -n 0
  journalctl -u onlinerlhf --no-pager -o short-monotonic -n 15
}
show() { systemctl show -P "$1" $unit; }
call() { curl -sS --max-time 60 --unix-socket "$S" "$@"; }
ask() {
  call http://x/v1/rounds -d '{"messages":[{"role":"user","content":"How do I bake bread?"}],"seed":'"$1"'}' > /tmp/round
  cat /tmp/round
  id=$(sed 's/.*"id":"\([^"]*\)".*/\1/' /tmp/round)
  grep -q '"asked":true' /tmp/round
}
prefer() { call "http://x/v1/rounds/$id/feedback" -d '{"preferred":"first"}' | tee /tmp/fed; echo; grep -q "\"comparisons\":$1\b" /tmp/fed; }
# until SECONDS COMMAND...
until_() { local end=$((SECONDS + $1)); shift; until "$@" > /dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done; }
is() { [ "$($1)" = "$2" ] || { echo "$1: $($1), not $2"; return 1; }; }
active() { systemctl -q is-active $unit; }
healthy() { call --fail http://x/health; }
drop_in() { mkdir -p $drop; printf '[Service]\n%s\n' "$@" > $drop/test.conf; systemctl daemon-reload; }
drop_out() { rm -rf $drop; systemctl daemon-reload; }
new_process() { local now; now=$(show MainPID); [ "$now" != 0 ] && [ "$now" != "$pid" ] && active; }

echo "## $(. /etc/os-release; echo "$PRETTY_NAME"), systemd $(systemctl --version | awk 'NR == 1 { print $2 }')"
check "the package is installed" dpkg -i /test/onlinerlhf.deb
check "its units are enabled and run" sh -c "systemctl is-enabled onlinerlhf.socket $unit && systemctl is-active onlinerlhf.socket $unit"
echo '{ "threads": 1, "candidates": 4, "max_tokens": 24 }' > $conf
check "a changed setting is taken at a restart" systemctl restart $unit
check "it is healthy" healthy

unprivileged() {
  local p; p=$(show MainPID)
  [ "$(stat -c %U "/proc/$p")" = onlinerlhf ] && grep -q '^CapBnd:.*0000000000000000' "/proc/$p/status" &&
    grep -q '^Seccomp:.*2' "/proc/$p/status" && grep -q '^NoNewPrivs:.*1' "/proc/$p/status"
}
check "it runs as its own user, without rights" unprivileged
check "the socket is its group's alone" is 'stat -c %a:%U:%G /run/onlinerlhf/onlinerlhf.sock' 660:onlinerlhf:onlinerlhf
check "only it can read its state" is 'stat -c %a:%U /var/lib/onlinerlhf/profiles' 700:onlinerlhf
# In its own network namespace and in the system's: none of its descriptors is an IP or a packet socket, and there is no interface but the
# loopback, which is down.
no_ip() {
  local p inode table; p=$(show MainPID)
  [ "$(readlink "/proc/$p/ns/net")" != "$(readlink /proc/1/ns/net)" ] || return 1
  for inode in $(find "/proc/$p/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n'); do
    for table in /proc/{$p,1}/net/{tcp,tcp6,udp,udp6,raw,raw6,packet}; do
      [ ! -e "$table" ] ||
        ! awk -v i="$inode" '{ for (n = 1; n <= NF; n++) if ($n == i) found = 1 } END { exit !found }' "$table" ||
        { echo "$table: $inode"; return 1; }
    done
  done
  [ "$(awk 'NR > 2' "/proc/$p/net/dev" | wc -l)" = 1 ] && [ "$(wc -l < "/proc/$p/net/tcp")" = 1 ]
}
check "it has no IP socket and no network" no_ip
check "the sandbox is as tight as promised: $(systemd-analyze security --no-pager $unit | sed -n 's/.*level for [^:]*: //p' | cut -d' ' -f1)" \
  systemd-analyze security --threshold=15 --no-pager $unit

check "a pair is asked" ask 1
check "a preference is learned" prefer 1
first=$id

check "the service stops" systemctl stop $unit
check "the socket still listens" sh -c "systemctl is-active onlinerlhf.socket && ! systemctl is-active $unit"
check "a request wakes the service, waits and is served" ask 2
check "the service is active" active
check "what was learned before the stop is still there" prefer 2
id=$first
check "a preference given before the stop is known" prefer 1

drop_in WatchdogSec=5 TimeoutAbortSec=2
systemctl restart $unit; pid=$(show MainPID)
sleep 7
check "a healthy daemon feeds the watchdog" is 'show MainPID' "$pid"
kill -STOP "$pid"
check "one that hangs is ended by the watchdog and started again" until_ 30 new_process
check "the watchdog was the reason" sh -c "journalctl -u $unit --no-pager -o cat | grep -i 'watchdog timeout'"
check "what was learned before it hung is still there" prefer 1
drop_out

echo '{ "threads": -1 }' > $conf
systemctl reset-failed $unit
check "a wrong setting stops the start" sh -c "! systemctl restart $unit"
told() { call http://x/health | grep 'threads must be'; }
check "who asks is told" told
check "and again" told
sleep 3
not_again() {
  systemctl show -p ExecMainStatus -p NRestarts -p ActiveState $unit
  [ "$(show ExecMainStatus)$(show NRestarts)$(show ActiveState)" = 780failed ]
}
check "its exit code is 78, and it is not tried again" not_again
check "the reason is in the journal, as an error" sh -c "journalctl -u $unit --no-pager -o cat -p 3 | grep 'threads must be'"
# There is no such chip: that is an error, and the daemon serves all the same.
echo '{ "threads": 1, "candidates": 4, "max_tokens": 24, "gpio_chip": "none", "buttons": "first:0,second:1" }' > $conf
check "mended, a restart suffices" systemctl restart $unit
drop_in ExecStart= ExecStart=/bin/false RestartSec=100ms
systemctl reset-failed $unit; systemctl restart $unit 2> /dev/null
given_up() { journalctl -u $unit --no-pager -o cat | grep 'Start request repeated too quickly' && [ "$(show ActiveState)" = failed ]; }
check "a daemon that cannot start is given up" until_ 30 given_up
drop_out
systemctl reset-failed $unit onlinerlhf.socket
check "mended, it starts" systemctl restart onlinerlhf.socket $unit
of_priority() { journalctl -u $unit _COMM=onlinerlhf --no-pager -o cat -p "$1..$1"; }
priorities() {
  of_priority 6 | grep Ready && of_priority 3 | grep "Buttons and lamps" && ! journalctl -u $unit --no-pager -o cat | grep -E '^<[0-7]>'
}
check "the journal's lines carry priorities" until_ 10 priorities

# TCP: two sockets that are installed disabled. A socket does not start while its service runs.
disabled() { [ "$(systemctl is-enabled onlinerlhf-http.socket onlinerlhf-lan.socket | sort -u)" = disabled ]; }
check "the TCP sockets are disabled" disabled
told_to_stop() { ! systemctl start onlinerlhf-http.socket && systemctl status onlinerlhf-http.socket --no-pager | grep refusing; }
check "a TCP socket does not start while the service runs" told_to_stop
systemctl enable -q onlinerlhf-http.socket
told_by_doctor() { onlinerlhf doctor | grep 'onlinerlhf-http.socket is enabled and not open'; }
check "doctor says how it starts" told_by_doctor
systemctl reset-failed onlinerlhf-http.socket $unit
open_port() {
  systemctl stop onlinerlhf.socket "$@" $unit && systemctl enable --now "$port" onlinerlhf.socket $unit &&
    systemctl is-active "$port" && systemctl is-active $unit
}
port=onlinerlhf-http.socket
check "the commands of docs/service.md open the port" open_port
add() { key=$(onlinerlhf key add "$1" 2> /tmp/said) && [[ $key =~ ^orlhf-[A-Za-z0-9_-]{43}$ ]] || { cat /tmp/said; return 1; }; }
check "root makes a key" add anna
over() {
  local url=$1; shift
  curl -sS --max-time 60 -o /tmp/body -w '%{http_code}' "http://$url" "$@" | tee /tmp/status
  grep -qx "$expected" /tmp/status
}
expected=200
check "a request with the key is served" over 127.0.0.1:8765/health -H "Authorization: Bearer $key"
! grep -q ' lo$' /proc/net/if_inet6 || check "over IPv6 too" over '[::1]:8765/health' -H "Authorization: Bearer $key"
expected=401
check "one without a key is not" over 127.0.0.1:8765/health
expected=421
check "nor one for another host" over 127.0.0.1:8765/health -H "Authorization: Bearer $key" -H 'Host: evil.example'
expected=200
check "the Unix socket serves beside it" healthy
no_namespace() {
  local p; p=$(show MainPID)
  [ "$(readlink "/proc/$p/ns/net")" != "$(readlink /proc/1/ns/net)" ] && [ "$(awk 'NR > 2' "/proc/$p/net/dev" | wc -l)" = 1 ]
}
check "the daemon still has no network of its own" no_namespace
check "the sandbox is as tight with it" systemd-analyze security --threshold=15 --no-pager $unit
stranger() {
  setpriv --reuid nobody --regid nogroup --groups "$(getent group onlinerlhf | cut -d: -f3)" onlinerlhf key add mallory > /tmp/said 2>&1
  [ $? = 1 ] && grep 'Only root' /tmp/said
}
check "a member of the group may ask, and make no key" stranger
systemctl stop $unit
check "a request over TCP wakes the service" over 127.0.0.1:8765/v1/models -H "Authorization: Bearer $key"
check "its keys are its own" is 'stat -c %a:%U /var/lib/onlinerlhf/keys' 600:onlinerlhf
systemctl disable -q onlinerlhf-http.socket
port=onlinerlhf-lan.socket
check "the socket for the local network takes its place" open_port onlinerlhf-http.socket
check "and serves" over 127.0.0.1:8765/health -H "Authorization: Bearer $key"

pid=$(show MainPID)
check "the upgrade is installed" dpkg -i /test/onlinerlhf-next.deb
check "it restarted the daemon" new_process
check "it kept the settings" grep -q '"candidates": 4' $conf
check "and what was learned" prefer 1
check "and the open port and its keys" over 127.0.0.1:8765/health -H "Authorization: Bearer $key"

pid=$(show MainPID)
check "the Vulkan package is installed" dpkg -i /test/onlinerlhf-vulkan-next.deb
check "it restarted the daemon" new_process
check "the daemon is healthy with it, without a GPU" healthy
# Mesa's software driver compiles shaders to machine code within the sandbox, as some drivers of GPUs do. It must be asked for.
if ls /usr/share/vulkan/icd.d/lvp_icd*.json > /dev/null 2>&1; then
  cp $conf /tmp/conf
  echo '{ "threads": 1, "candidates": 2, "max_tokens": 6, "style_hints": "none", "time_target": 0, "device": "vulkan-software" }' > $conf
  drop_in Environment=GALLIVM_PERF=nopt
  check "the daemon starts on a Vulkan device in its sandbox" systemctl restart $unit
  on_vulkan() { healthy | tee /tmp/health; grep -q '"name":"Vulkan0.*"gpu_layers":"5/5"' /tmp/health; }
  check "every layer is on it" on_vulkan
  check "a pair is asked of it" ask 3
  check "and a preference learned" prefer 3
  cp /tmp/conf $conf
  drop_out; systemctl restart $unit; id=$first
fi
pid=$(show MainPID)
check "the Vulkan package is removed" dpkg -P onlinerlhf-vulkan
check "that restarted the daemon" new_process

check "the package is removed" dpkg -r onlinerlhf
check "nothing of it runs" sh -c "! systemctl is-active onlinerlhf.socket onlinerlhf-lan.socket &&
  ! systemctl is-active $unit && ! pgrep -x onlinerlhf && [ ! -e $S ]"
check "what was learned is kept" sh -c '[ -n "$(find /var/lib/onlinerlhf -name state.db)" ]'
check "it is installed again" dpkg -i /test/onlinerlhf.deb
check "and knows what it had learned" prefer 1
check "the package is purged" dpkg -P onlinerlhf
left() {
  ! ls -d /var/lib/onlinerlhf /var/cache/onlinerlhf /run/onlinerlhf /etc/onlinerlhf /usr/lib/onlinerlhf \
    /etc/systemd/system/*.wants/onlinerlhf* 2> /dev/null
}
check "nothing is left of it" left
echo DONE
