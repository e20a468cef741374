# Every problem of the files, as annotations too; and whether dbt's lineage is up to date. No credentials.
set -euo pipefail

code=0
qsync validate || code=$?
if [ "$EXPOSURES" = true ]; then
  qsync exposures --check || code=$?
fi
exit "$code"
