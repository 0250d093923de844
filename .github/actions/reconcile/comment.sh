#!/usr/bin/env bash
# Keeps one comment of a pull request up to date: the one that begins as the Markdown does.
#
# MARKDOWN           the file to show; its first line is a marker that no reader sees
# PULL_REQUEST       number of the pull request; empty elsewhere
# EXIT_CODE          of the command
# COMMENT            anything but `true`: no comment
# GH_TOKEN           may write pull requests; empty or read-only: no comment
# GITHUB_REPOSITORY  as the runner sets it
set -euo pipefail

if [[ $COMMENT != true || -z $MARKDOWN || -z $PULL_REQUEST || -z $GH_TOKEN ]] || ! command -v gh >/dev/null; then
    exit 0
fi

# What the marker names: plan, apply or validate, and of which paths on which control plane. Each has its own comment.
IFS= read -r first <"$MARKDOWN"
if [[ ! $first =~ ^'<!-- reconciler '(plan|apply|validate)' target='[0-9a-f]{16}' ' ]]; then
    echo "$MARKDOWN does not begin with a marker" >&2
    exit 1
fi
marker=${BASH_REMATCH[0]}

# shellcheck disable=SC2016  # the variables are GraphQL's
query='query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    comments(first: 100, after: $endCursor) {
      nodes { databaseId viewerDidAuthor body }
      pageInfo { hasNextPage endCursor }
    }
  } }
}'

# Only a comment of our own is taken: whoever wrote another one could change it again afterwards.
find_comment() {
    gh api graphql --paginate -f query="$query" -F number="$PULL_REQUEST" \
        -f owner="${GITHUB_REPOSITORY%%/*}" -f name="${GITHUB_REPOSITORY#*/}" \
        --jq ".data.repository.pullRequest.comments.nodes[]
            | select(.viewerDidAuthor and (.body | startswith(\"$marker\"))) | .databaseId"
}

write_comment() {
    local found
    found=$(find_comment) || return
    found=${found%%$'\n'*}
    if [[ -n $found ]]; then
        gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" -F body="@$MARKDOWN"
    elif [[ $marker != *' validate '* || $EXIT_CODE != 0 ]]; then # that all is valid, nobody has to be told
        gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" -F body="@$MARKDOWN"
    fi
}

# The token of a fork's pull request can only read. The plan is in the summary of the job, too.
if ! write_comment; then
    echo '::notice::The comment could not be written; the summary of the job tells the same.'
fi
