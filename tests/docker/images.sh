# The images of the run. To be sourced; the caller defines root, folder, docker, say() and fail().
images=$root/tests/docker/images

source "$root/tests/support/debian_tree.sh"

is_built() { "$docker" image inspect "$1" >/dev/null 2>&1; }

size_of() { "$docker" image inspect --format '{{.Size}}' "$1"; }

# build TAG ARGUMENT…: docker build, whose output is shown if it fails.
build() {
  local tag=$1 from=$SECONDS log=$folder/build-${1//[^a-z0-9]/-}.log
  shift
  say "building $tag"
  DOCKER_BUILDKIT=0 "$docker" build --network host --tag "$tag" "$@" >"$log" 2>&1 </dev/null ||
    fail "$tag could not be built, see $log: $(tail -n 30 "$log")"
  say "$tag: $(($(size_of "$tag") / 1000000)) MB, in $((SECONDS - from)) s"
}

make_base() {
  is_built debian:12-slim && return
  local tree=$folder/debian
  say "debian:12-slim by debootstrap"
  bootstrap bookworm "$tree" "$folder/debootstrap.log"
  tar -C "$tree" --exclude='./var/lib/apt/lists/?*' --exclude='./var/cache/apt/?*' -c . | "$docker" import - debian:12-slim >/dev/null
  rm -rf "$tree"
  say "debian:12-slim: $(($(size_of debian:12-slim) / 1000000)) MB"
}

# stand_in NAME COMPOSE_SERVICE: the image that the service names, built from tests/docker/images/NAME.Dockerfile.
stand_in() {
  local tag
  tag=$(sed -n "s|^ *image: \($2[/:].*\)$|\1|p" "$root/deploy/docker-compose.yml")
  [[ -n $tag ]] || fail "deploy/docker-compose.yml names no image that begins with $2."
  build "$tag" --file "$folder/images/$1.Dockerfile" "$folder/images"
}

make_stand_ins() {
  local stage=$folder/images node
  rm -rf "$stage"
  cp -r "$images" "$stage"
  cp -r "$root/.local/jars" "$stage/jars"
  mkdir -p "$stage/machine"
  cp -L "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$stage/machine/ca-certificates.crt"
  echo "registry=$(npm config get registry)" >"$stage/machine/npmrc"
  (cd "$stage" && npm pack --silent npm@10 | xargs tar -xzf && mv package npm) || fail "npm could not fetch npm (see above)."
  stand_in redis redis
  stand_in postgres postgres
  stand_in kafka apache/kafka
  stand_in prometheus prom/prometheus
  node=$(sed -n 's/^FROM \(node:[^ ]*\).*/\1/p' "$root/deploy/docker/web.Dockerfile")
  build "$node" --file "$stage/node.Dockerfile" "$stage"
}

# The project's own images.
make_services() {
  local target
  build chat-web --file "$root/deploy/docker/web.Dockerfile" "$root"
  for target in gateway persister; do
    build "chat-$target" --file "$root/deploy/docker/services.Dockerfile" --target "$target" \
      --build-arg "CCACHE_REMOTE_STORAGE=${CCACHE_REMOTE_STORAGE:-}" "$root"
    (($(size_of "chat-$target") <= 120000000)) || fail "the image chat-$target is larger than 120 MB."
  done
}

# What both builders are sent must be the same, and nothing that an image does not need.
check_context() {
  local builder list
  for builder in 0 1; do
    list=$folder/context-$builder
    printf 'FROM scratch\nCOPY . /\nCMD ["/"]\n' |
      DOCKER_BUILDKIT=$builder "$docker" build --quiet --tag chat-context --file - "$root" >"$folder/context.log" 2>&1 ||
      fail "the context could not be sent: $(tail -n 5 "$folder/context.log")"
    "$docker" export "$("$docker" create chat-context)" | tar -t | grep -v -E '^(dev|etc|proc|sys)/|^\.dockerenv$' | sort >"$list"
  done
  cmp -s "$folder/context-0" "$folder/context-1" ||
    fail "the two builders are sent different files: $(diff "$folder/context-0" "$folder/context-1" | head -n 5)"
  ! grep -m 1 -E '(^|/)(node_modules|build|dist|\.git|\.local|\.env)/' "$folder/context-0" || fail "this is sent to the builders."
  "$docker" container prune --force >/dev/null
  say "both builders are sent the same $(wc -l <"$folder/context-0") files and folders"
}
