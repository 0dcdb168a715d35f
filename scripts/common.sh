# Read by the scripts beside it: goes to the repository, and stops with a message.
# shellcheck shell=bash
set -euo pipefail
umask 022 # what is built is for everyone
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
