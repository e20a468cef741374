# What may be done for this event. Nothing here trusts the pull request's own files.
# Gives: did (validate, plan or apply), comment (true or false).
set -euo pipefail

refuse() {
  echo "::error title=qsync::$1"
  exit 1
}

# Other events (pull_request_target, workflow_run, issue_comment) run with secrets, and are easily made to run
# them on code that nobody has reviewed: dbt executes what a project says.
case "$EVENT" in
  pull_request | merge_group | push | schedule | workflow_dispatch | repository_dispatch) ;;
  *) refuse "The action does not run on the event $EVENT, which has secrets and may be about unreviewed code." ;;
esac

pull_request=false from_fork=false on_default=false
case "$EVENT" in
  pull_request)
    pull_request=true
    # Empty when the fork is gone: that is not this repository either.
    [ "$HEAD_REPOSITORY" = "$REPOSITORY" ] || from_fork=true
    ;;
  # Always about the default branch, and the event does not name it.
  schedule) on_default=true ;;
  merge_group) ;;
  *) [ -n "$DEFAULT_BRANCH" ] && [ "$REF" = "refs/heads/$DEFAULT_BRANCH" ] && on_default=true ;;
esac

did=validate
case "$MODE" in
  validate) ;;
  plan) did=plan ;;
  apply) did=apply ;;
  auto)
    if [ "$pull_request" = true ]; then did=plan; fi
    if [ "$on_default" = true ]; then did=apply; fi
    ;;
  *) refuse "mode is auto, validate, plan or apply." ;;
esac

if [ "$did" = apply ] && [ "$on_default" != true ]; then
  refuse "Only the default branch is applied. Use mode: plan or validate here."
fi
if [ "$did" = plan ] && [ "$from_fork" = true ]; then
  echo "::notice title=qsync::A pull request from a fork is validated, and not planned: it gets no credentials."
  did=validate
fi

comment=false
if [ "$did" = plan ] && [ "$pull_request" = true ] && [ "$WANTS_COMMENT" = true ]; then comment=true; fi

{
  echo "did=$did"
  echo "comment=$comment"
} >>"$GITHUB_OUTPUT"
echo "qsync will $did."
