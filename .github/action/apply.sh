# Send what changed, or just what a sealed plan says. The only step that has the key.
# Gives: exit-code.
set -euo pipefail

if [ -z "$QUALIFIED_API_KEY" ]; then
  echo "::error title=qsync::Applying needs the input api-key. Use mode: plan or validate where there is none."
  exit 1
fi
case "$REJECTED" in
  warn | fail) ;;
  *)
    echo "::error title=qsync::rejected is warn or fail."
    exit 1
    ;;
esac

if [ -n "$PLAN_FILE" ]; then
  # The plan says what is applied; a selection beside it would be another opinion.
  unset QSYNC_SELECT QSYNC_EXCLUDE QSYNC_STATE DBT_STATE QSYNC_LIMIT QSYNC_FULL_REFRESH
  arguments=(apply "$PLAN_FILE")
else
  arguments=(apply --auto-approve)
fi

output=$RUNNER_TEMP/qsync-apply.txt
code=0
qsync "${arguments[@]}" | tee "$output" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
{
  echo "### qsync apply"
  echo
  echo '````text'
  # A summary may have 1 MiB.
  head -c 500000 "$output"
  echo
  echo '````'
} >>"$GITHUB_STEP_SUMMARY"

if [ "$code" -eq 3 ] && [ "$REJECTED" = warn ]; then
  echo "::warning title=qsync::The run is over, and some records were rejected or have no answer. \`qsync status\` tells which and why."
  exit 0
fi
exit "$code"
