# shellcheck shell=bash
# Shared by the scripts of this folder and by deploy/container-check; it is sourced, not run.

say() { printf '\n=== %s\n' "$*" >&2; }

# as_root runs a command as root: with sudo where the caller is not root.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi; }

# need COMMAND=PACKAGE... installs the Debian packages of those commands that are not there.
need() {
  local pair missing=()
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || { echo "please install: ${missing[*]}" >&2; return 1; }
  say "installing ${missing[*]}"
  # A package that starts its service (mariadb-server, docker.io) must not do so here.
  printf '#!/bin/sh\nexit 101\n' >"${TMPDIR:-/tmp}/q2ab-policy.$$"
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e $policy ]; then as_root install -m 755 "${TMPDIR:-/tmp}/q2ab-policy.$$" $policy && ours=1; fi
  local status=0
  { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >&2 || status=1
  if [ -n "$ours" ]; then as_root rm -f $policy; fi
  rm -f "${TMPDIR:-/tmp}/q2ab-policy.$$"
  return $status
}

cache_dir() { echo "${XDG_CACHE_HOME:-$HOME/.cache}"; }

# need_node MAJOR MINOR VERSION puts Node.js VERSION into PATH, which npm installs once, where node is older than
# MAJOR.MINOR.
need_node() {
  local major minor folder
  IFS=. read -r major minor _ < <(node -p process.versions.node)
  if [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }; then return; fi
  folder=$(cache_dir)/q2ab-node-$3
  [ -x "$folder/node_modules/node/bin/node" ] || npm install --silent --prefix "$folder" "node@$3"
  PATH=$folder/node_modules/node/bin:$PATH
}

# free_port prints a TCP port of 127.0.0.1 that nothing listens on, outside the range of outgoing connections.
free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 10000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
  echo "no free port found" >&2
  return 1
}

# debian_mirror prints the mirror that this machine's own package sources name.
debian_mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then echo "$DEBIAN_MIRROR"; return; fi
  # shellcheck disable=SC1091
  local codename; codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$codename" '$1 == release && $2 == "main" { print $3; exit }' | grep .
}

# debian_root DIR SUITE PACKAGES makes a Debian root in DIR with these packages (comma-separated); DIR appears only when it is whole.
debian_root() {
  local dir=$1 suite=$2 packages=$3 mirror
  need debootstrap=debootstrap
  mirror=$(debian_mirror) || { echo "no Debian mirror in this machine's package sources; set DEBIAN_MIRROR" >&2; return 1; }
  mkdir -p "$(dirname "$dir")"
  as_root rm -rf "$dir.part"
  as_root env PATH="$PATH:/usr/sbin:/sbin" debootstrap --variant=minbase --include="$packages" "$suite" "$dir.part" "$mirror" >"$dir.log" 2>&1 ||
    { tail -n 5 "$dir.log" >&2; as_root rm -rf "$dir.part"; return 1; }
  as_root rm -rf "$dir.part/var/cache/apt/archives" "$dir.part/var/lib/apt/lists"
  as_root rm -rf "$dir"
  as_root mv "$dir.part" "$dir"
}

# wait_for_port PORT PID SECONDS waits until something listens on the port, as long as the process lives.
wait_for_port() {
  local end=$((SECONDS + $3))
  until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    [ -d "/proc/$2" ] && [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

# serve PORT PIDFILE DATA COMMAND... starts a database server in the background with its output in DATA/log, waits until it
# answers, prints "URL PID", and removes DATA when the server has ended.
serve() {
  local port=$1 pidfile=$2 data=$3 starter; shift 3
  "$@" >>"$data/log" 2>&1 </dev/null &
  starter=$!
  if ! wait_for_port "$port" "$starter" 120 || [ ! -s "$pidfile" ]; then
    tail -n 20 "$data/log" >&2
    kill "$starter" 2>/dev/null || true
    rm -rf "$data"
    return 1
  fi
  local pid; pid=$(<"$pidfile")
  (while [ -d "/proc/$pid" ]; do sleep 1; done; rm -rf "$data") >/dev/null 2>&1 </dev/null &
  echo "mysql://root@127.0.0.1:$port/ $pid"
}

# server_settings prints what both servers of the tests are started with: fast rather than safe against a power cut, and
# the production's UTC.
server_settings() {
  printf '%s\n' --bind-address=127.0.0.1 --default-time-zone=+00:00 --max-connections=300 \
    --innodb-flush-log-at-trx-commit=0 --sync-binlog=0 --skip-log-bin --innodb-buffer-pool-size=256M
}

# install_moto installs moto, which stands for Amazon's services, unless it is there; moto_server is its server afterwards.
install_moto() {
  local version=5.2.1
  local venv
  venv=$(cache_dir)/q2ab-moto-$version
  moto_server=$venv/bin/moto_server
  [ ! -x "$moto_server" ] || return 0
  say "installing moto $version"
  need python3=python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || need no-such-command=python3-venv
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet "moto[server]==$version"
}
