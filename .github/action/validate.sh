# Every problem of the files, as annotations too; what the sync tests say; whether dbt's lineage is up to date.
# No credentials, and all of it even when the first finds something.
set -euo pipefail

code=0
qsync validate || code=$?
if [ "$TESTS" = true ]; then
  qsync test || code=$?
fi
if [ "$EXPOSURES" = true ]; then
  qsync exposures --check || code=$?
fi
exit "$code"
