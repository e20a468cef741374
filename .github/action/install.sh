# qsync from the very commit that the action was pinned to, with one of dbt's adapters.
set -euo pipefail

case "$ADAPTER" in
  duckdb | postgres) ;;
  *)
    echo "::error title=qsync::adapter is duckdb or postgres."
    exit 1
    ;;
esac

python -m pip --disable-pip-version-check install --quiet "$ACTION/../..[$ADAPTER]"
qsync --version
