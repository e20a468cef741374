# Every record of the plan, sent to an emulated Qualified within this process. It needs no API key and writes nothing.
set -euo pipefail

output=$RUNNER_TEMP/qsync-rehearsal.txt
code=0
qsync apply --rehearse | tee "$output" || code=$?
{
  echo "### qsync apply --rehearse"
  echo
  echo '````text'
  # A summary may have 1 MiB.
  head -c 500000 "$output"
  echo
  echo '````'
} >>"$GITHUB_STEP_SUMMARY"
exit "$code"
