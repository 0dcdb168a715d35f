#!/bin/sh
# docker-registry, in Go: images are pushed and pulled.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=docker-registry.service
server=http://127.0.0.1:5000

prepare() {
  htpasswd -Bbc /etc/docker/registry/htpasswd reader secret 2>/dev/null
  chmod 644 /etc/docker/registry/htpasswd
}

# ask WORDS...: for curl(1), as the user who may.
ask() {
  curl -sS --max-time 60 --retry 5 --retry-connrefused -u reader:secret "$@"
}

# push NAME BYTES: an image with one layer of new data.
push() {
  data=/run/layer-$1-$$
  head -c "$2" /dev/urandom >"$data"
  digest=sha256:$(sha256sum "$data" | cut -d ' ' -f 1)
  location=$(ask -X POST -D - -o /dev/null "$server/v2/$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
  answers '^201' ask -o /dev/null -w '%{http_code}\n' -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$data" "$location&digest=$digest"
  printf '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%s,"digest":"%s"},"layers":[]}' "$2" "$digest" >"$data".json
  answers '^201' ask -o /dev/null -w '%{http_code}\n' -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' --data-binary "@$data.json" "$server/v2/$1/manifests/latest"
  answers "^$2\$" ask -o /dev/null -w '%{size_download}\n' "$server/v2/$1/blobs/$digest"
  rm "$data" "$data.json"
}

load() {
  push first 100000
  answers '"latest"' ask $server/v2/first/tags/list
}

other_load() {
  answers UNAUTHORIZED curl -sS --retry 5 --retry-connrefused $server/v2/
  answers UNAUTHORIZED curl -sS -u reader:wrong $server/v2/
  at_once 20 sh "$0" push "other-$(date +%s)" 5000000
  answers '"first"' ask $server/v2/_catalog
  digest=$(ask -o /dev/null -D - -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' $server/v2/first/manifests/latest | tr -d '\r' | sed -n 's/^Docker-Content-Digest: //p')
  answers '^202' ask -o /dev/null -w '%{http_code}\n' -X DELETE "$server/v2/first/manifests/$digest"
  push first 2000
  answers MANIFEST_UNKNOWN ask $server/v2/first/manifests/none
  answers 'Failed requests: +0' ab -q -A reader:secret -c 20 -n 100 $server/v2/first/tags/list
}

if [ "${1-}" = push ]; then push "$2-${N-0}" "$3"; else run "$@"; fi
