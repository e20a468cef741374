# The pull request's one comment: found by the hidden marker in its first line, changed if it is there.
set -euo pipefail

explain() {
  echo "::error title=qsync::The comment cannot be written. Give the job \`permissions: pull-requests: write\`, or set \`comment: false\`."
}
trap explain ERR

marker=$(head -n 1 "$COMMENT_FILE")
existing=$(
  gh api --paginate "repos/$REPOSITORY/issues/$NUMBER/comments?per_page=100" |
    python "$ACTION/find_comment.py" "$marker"
)
if [ -n "$existing" ]; then
  gh api --method PATCH "repos/$REPOSITORY/issues/comments/$existing" -F "body=@$COMMENT_FILE" --silent
else
  gh api --method POST "repos/$REPOSITORY/issues/$NUMBER/comments" -F "body=@$COMMENT_FILE" --silent
fi
