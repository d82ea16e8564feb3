# A Docker daemon of our own, with all its data below $folder. To be sourced; the caller defines fail().
docker=/usr/bin/docker
daemon=''
group=chat-compose-$$
# What dockerd makes outside its folders, and what of it is not here yet.
traces=()
for path in /etc/docker /run/docker /run/containerd; do
  [[ -e $path ]] || traces+=("$path")
done
export DOCKER_HOST=unix://$folder/docker.sock

# start_builder: a daemon whose containers use this machine's network, so that builds reach the package registries.
start_builder() {
  start_daemon unshare --mount -- dockerd --bridge=none --iptables=false
}

# start_runner: a daemon in a network namespace of its own, where bridges, DNS and published ports are free to use.
start_runner() {
  # A new sysfs shows the namespace's own network; the control groups stand below it.
  # shellcheck disable=SC2016
  start_daemon unshare --net --mount -- bash -euc '
    ip link set lo up
    mkdir -p "$0/cgroup"
    mount --rbind /sys/fs/cgroup "$0/cgroup"
    mount -t sysfs sysfs /sys
    mount --rbind "$0/cgroup" /sys/fs/cgroup
    exec dockerd "$@"' "$folder"
}

# start_daemon COMMAND…: runs it with the options that both have, and waits until it answers.
start_daemon() {
  local log=$folder/dockerd.log deadline=$((SECONDS + 60))
  rm -f "$folder/docker.sock" "$folder/docker.pid"
  "$@" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" -H "$DOCKER_HOST" \
    --storage-driver="$storage" --cgroup-parent="$group" --log-level=warn >"$log" 2>&1 </dev/null &
  daemon=$!
  until "$docker" version >/dev/null 2>&1; do
    kill -0 "$daemon" 2>/dev/null || fail "dockerd did not start: $(tail -n 20 "$log")"
    ((SECONDS < deadline)) || fail "dockerd does not answer after 60 s: $(tail -n 20 "$log")"
    sleep 0.2
  done
}

# It stops its containers, and the mounts end with its namespace.
stop_daemon() {
  [[ -n $daemon ]] || return 0
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  daemon=''
  find /sys/fs/cgroup -mindepth 2 -depth -type d -path "*/$group*" -exec rmdir {} + 2>/dev/null || true
}

remove_traces() {
  ((${#traces[@]} == 0)) || rm -rf --one-file-system "${traces[@]}"
}
