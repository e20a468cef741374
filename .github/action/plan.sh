# The plan, as a file, in the job's summary, and as the text of a comment. It needs no API key.
# Gives: changes (true or false), plan-file, comment-file.
set -euo pipefail

plan=${PLAN_FILE:-$RUNNER_TEMP/plan.qsync.json}
comment=$RUNNER_TEMP/qsync-comment.md
compared=$RUNNER_TEMP/qsync-compared.md

# One comment per project, target and selection: two jobs of one pull request keep theirs apart.
id=$(printf '%s\n' "$QSYNC_PROJECT_DIR" "$QSYNC_TARGET" "$QSYNC_SELECT" "$QSYNC_EXCLUDE" | cksum)
printf '<!-- qsync plan %s -->\n' "${id%% *}" >"$comment"

# What an earlier job left there is not this plan.
rm -f -- "$plan"
code=0
if [ -n "$QSYNC_COMPARE_TO" ]; then
  # A plan's file holds no comparison, so that one is told here, with its plan.
  qsync plan --out "$plan" --detailed-exitcode --markdown | tee "$compared" || code=$?
else
  qsync plan --out "$plan" --detailed-exitcode || code=$?
fi
case "$code" in
  0) echo "changes=false" >>"$GITHUB_OUTPUT" ;;
  2) echo "changes=true" >>"$GITHUB_OUTPUT" ;;
esac
if [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; then
  if [ -e "$plan" ]; then
    echo "plan-file=$plan" >>"$GITHUB_OUTPUT"
    if [ -n "$QSYNC_COMPARE_TO" ]; then
      cat "$compared" >>"$comment"
    else
      qsync show "$plan" --markdown >>"$comment"
    fi
  else
    printf '### qsync plan\n\nNo sync is selected.\n' >>"$comment"
  fi
  code=0
else
  printf '### qsync plan\n\n**There is no plan of this commit:** `qsync plan` ended with %s.\n' "$code" >>"$comment"
fi

run="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
printf '\n<sub>Of commit %s, [the run](%s).</sub>\n' "${HEAD_SHA:0:12}" "$run" >>"$comment"

cat "$comment" >>"$GITHUB_STEP_SUMMARY"
echo "comment-file=$comment" >>"$GITHUB_OUTPUT"
exit "$code"
