# A Debian in a folder: another release, or a machine on which nothing is installed. To be sourced; the caller defines fail().

# debian_sources CODENAME: this machine's sources as "URI SUITE main" a line, with the suites of that Debian.
debian_sources() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk -v codename="$1" '$1 == "Debian" || $1 == "Debian-Security" {
      suite = $3
      sub(/^[a-z]+/, codename, suite)
      if ($4 == "main" && !seen[$2 suite]++) print $2, suite, "main"
    }'
}

# bootstrap CODENAME TREE LOG [OPTION…]: fills the folder by debootstrap, with this machine's sources.
bootstrap() {
  local codename=$1 tree=$2 log=$3 sources uri
  shift 3
  sources=$(debian_sources "$codename")
  [[ -n $sources ]] || fail "apt knows no Debian source; run apt-get update, and see /etc/apt/sources.list.d."
  uri=$(awk -v suite="$codename" '$2 == suite { print $1; exit }' <<<"$sources")
  rm -rf --one-file-system "$tree"
  debootstrap --variant=minbase "$@" "$codename" "$tree" "$uri" >"$log" 2>&1 </dev/null || fail "debootstrap failed: $(tail -n 5 "$log")"
  sed 's/^/deb /' <<<"$sources" >"$tree/etc/apt/sources.list"
}

# make_tree CODENAME TREE LOG [OPTION…]: the same for a tree in which commands run, unless it is there.
make_tree() {
  local tree=$2
  [[ ! -e $tree/.complete ]] || return 0
  bootstrap "$@"
  # This machine's own ways to its package sources are the tree's, never the project's.
  apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$tree/etc/apt/apt.conf.d/90machine" || true
  # Nothing here must survive a power cut.
  echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/unsafe-io"
  touch "$tree/.complete"
}

# in_tree TREE COMMAND…: runs it there as root, with this machine's network. `tree_mounts` has SOURCE:TARGET[:ro] entries of what
# is mounted there, `tree_env` further variables. Mounts and processes are in namespaces of their own and end with
# the command or with this shell, so that only files are left to remove.
tree_mounts=()
tree_env=()
in_tree() {
  local tree=$1 name
  shift
  local -a env=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
  for name in http_proxy https_proxy CHAT_PATIENCE; do
    [[ -z ${!name:-} ]] || env+=("$name=${!name}")
  done
  # In the background, since unshare holds signals back while it waits, and a shell its traps.
  # shellcheck disable=SC2016
  setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child -- bash -euc '
    tree=$0
    mount -t proc proc "$tree/proc"
    mount --rbind /dev "$tree/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
    for file in /etc/resolv.conf /etc/hosts; do
      touch "$tree$file"
      mount --bind "$(realpath "$file")" "$tree$file"
    done
    while [[ $1 != -- ]]; do
      IFS=: read -r source target mode <<<"$1"
      mkdir -p "$tree$target"
      mount --bind "$source" "$tree$target"
      [[ -z $mode ]] || mount -o "remount,bind,$mode" "$tree$target"
      shift
    done
    shift
    exec chroot "$tree" env -i "$@"' "$tree" "${tree_mounts[@]}" -- "${env[@]}" "${tree_env[@]}" "$@" <&0 &
  wait $!
}
