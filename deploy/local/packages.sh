# Installs missing Debian packages. To be sourced; the caller defines say() and fail().

# install_packages LIST...: installs what the lists name and this machine lacks, and starts no service.
install_packages() {
  local -a missing=()
  local line
  while IFS= read -r line; do
    line=${line%%#*}
    [[ $line =~ [^[:space:]] ]] || continue
    if [[ $line =~ ^\[([a-z]+)\](.*)$ ]]; then
      "has_${BASH_REMATCH[1]}" && continue
      line=${BASH_REMATCH[2]}
    fi
    is_satisfied "$line" || missing+=("$line")
  done < <(cat "$@")
  if ((${#missing[@]} == 0)); then
    say "nothing is missing"
    return
  fi
  become_root "${missing[*]}"
  say "updating apt's lists"
  "${as_root[@]}" apt-get -qq update || fail "apt-get update failed: check this machine's network and its /etc/apt."
  local -a names=()
  for line in "${missing[@]}"; do
    names+=("$(choose_package "$line")") || exit 1
  done
  say "installing ${names[*]} (this can take a few minutes)"
  install_without_services "${names[@]}"
}

# has_NAME: whether something usable is there already, from Debian or not.
has_node() { command -v node >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; }
has_npm() { command -v npm >/dev/null; }
has_maven() { command -v mvn >/dev/null; }
has_java() {
  command -v java >/dev/null && [[ $(java -version 2>&1) =~ version\ \"([0-9]+) ]] && ((BASH_REMATCH[1] >= 17))
}

# is_satisfied "a | b": whether one of the alternatives is installed.
is_satisfied() {
  local name
  for name in ${1//|/ }; do
    [[ $installed == *$'\n'"$name"$'\n'* ]] && return 0
  done
  return 1
}
installed=$'\n'$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii  *//p')$'\n'

choose_package() {
  local name
  for name in ${1//|/ }; do
    if [[ $(LC_ALL=C apt-cache policy "$name") =~ Candidate:\ [^\(] ]]; then
      echo "$name"
      return
    fi
  done
  fail "apt offers no package \"${1## }\": this needs Debian 12 or 13 with its main section."
}

become_root() {
  as_root=(env DEBIAN_FRONTEND=noninteractive)
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "Packages are missing ($1) and this is not root: install sudo, or run deploy/local/setup as root once."
    as_root=(sudo "${as_root[@]}")
  fi
}

# Debian starts a service as soon as it is installed and PostgreSQL makes a cluster; neither is wanted here, and what
# exists already stays as it is.
install_without_services() {
  local units_before log
  units_before=$(enabled_units)
  log=$(mktemp)
  if ! (
    trap restore_policies EXIT
    forbid_services
    "${as_root[@]}" apt-get -qq install --no-install-recommends -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" \
      </dev/null >"$log" 2>&1
  ); then
    tail -n 20 "$log" >&2
    fail "apt-get install failed (see above, and $log): repair the packages it names and run this again."
  fi
  rm -f "$log"
  disable_new_units "$units_before"
}

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
made_policy=''

forbid_services() {
  if [[ ! -e $policy ]]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
  fi
  "${as_root[@]}" mkdir -p "${clusters%/*}"
  [[ ! -e $clusters ]] || "${as_root[@]}" cp -p "$clusters" "$clusters.before"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee -a "$clusters" >/dev/null
}

# Leaves behind what the packages alone would have left; .ucf-dist is Debian's own file put beside ours.
restore_policies() {
  [[ -z $made_policy ]] || "${as_root[@]}" rm -f "$policy"
  if [[ -e $clusters.before ]]; then
    "${as_root[@]}" mv "$clusters.before" "$clusters"
  elif [[ -e $clusters.ucf-dist ]]; then
    "${as_root[@]}" mv "$clusters.ucf-dist" "$clusters"
  else
    "${as_root[@]}" rm -f "$clusters"
  fi
}

enabled_units() {
  [[ -d /run/systemd/system ]] || return 0
  systemctl list-unit-files --state=enabled --no-legend --plain 2>/dev/null | cut -d' ' -f1 | sort
}

# With systemd a service that was just installed would start at the next boot.
disable_new_units() {
  [[ -d /run/systemd/system ]] || return 0
  local unit
  for unit in $(comm -13 <(echo "$1") <(enabled_units)); do
    case $unit in
      redis*.service | nginx.service | postgresql*.service | prometheus*.service | stunnel4.service | docker.* | containerd.service) "${as_root[@]}" systemctl --quiet disable --now "$unit" ;;
    esac
  done
}
