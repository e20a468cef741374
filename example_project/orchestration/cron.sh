#!/usr/bin/env bash
# cron: dbt, then qsync. Silent when all is well, so that cron mails only what somebody should read.
#
#     MAILTO=data-team@northwind.example
#     47 * * * *  /srv/northwind/orchestration/cron.sh
#
# Ends as `qsync apply` does: 0 done, 3 some records were rejected, anything else is a failure. The key comes from
# .env beside dbt_project.yml, which only its owner may read (chmod 600) and git ignores.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# cron knows next to no PATH: put the environment that dbt and qsync are in here.
PATH="${QSYNC_BIN:-/srv/northwind/.venv/bin}:$PATH"
TARGET="${QSYNC_TARGET:-prod}"
set -a
# shellcheck disable=SC1091
[ -f .env ] && . ./.env
set +a

said=$(mktemp)
trap 'rm -f "$said"' EXIT

tell() {
  echo "$1" >&2
  cat "$said" >&2
}

# The ledger first: this checkout's may be older than the last run.
qsync ledger pull --target "$TARGET" >"$said" 2>&1 &&
  dbt build --target "$TARGET" >"$said" 2>&1 || { tell "dbt was not built, so nothing was sent:"; exit 1; }

# A run that still goes is waited for; two at once would meet at qsync's lock.
ended=0
qsync apply --target "$TARGET" --auto-approve --lock-timeout 10m >"$said" 2>&1 || ended=$?
case $ended in
  0) ;;
  3) tell "Some records were rejected; the others were sent:" ;;
  *) tell "qsync apply ended with $ended:" ;;
esac

# Also after a failure: the ledger and what stands on it should say so.
qsync ledger pull --target "$TARGET" >"$said" 2>&1 &&
  dbt build --target "$TARGET" --select qsync_runs+ >"$said" 2>&1 || tell "The ledger was not loaded:"
exit "$ended"
