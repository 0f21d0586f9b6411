#!/usr/bin/env bash
# Run a command beside a real Docker daemon in namespaces of its own; nothing is left when it ends.
# DOCKERD_FLAGS are further options of the daemon. Needs root, and the packages of Docker and iptables of Debian or Ubuntu. No registry is reached.
set -eu
if [ -z "${IN_NAMESPACE:-}" ]; then
  exec env IN_NAMESPACE=1 unshare --net --mount --pid --fork --kill-child "$0" "$@"
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir" 2>/dev/null' EXIT
ip link set lo up
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs none /sys/fs/cgroup
for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
  mkdir -p "/sys/fs/cgroup/$name"
  mount -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name" || echo "no cgroup controller $name" >&2
done
mkdir -p /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount -t tmpfs none /run
mkdir -p /run/lock
export DOCKER_HOST="unix://$dir/docker.sock"
dockerd --data-root "$dir/data" --exec-root "$dir/exec" -p "$dir/pid" -H "$DOCKER_HOST" \
  --storage-driver overlay2 ${DOCKERD_FLAGS:-} >"$dir/log" 2>&1 &
for _ in $(seq 300); do docker info >/dev/null 2>&1 && break; sleep 0.1; done
docker info >/dev/null 2>&1 || { tail -20 "$dir/log" >&2; exit 1; }
set +e
"$@"
code=$?
kill "$(cat "$dir/pid")"
wait
exit "$code"
