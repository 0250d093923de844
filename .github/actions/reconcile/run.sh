#!/usr/bin/env bash
# Runs one command of reconciler; the exit code is reconciler's own.
#
# EXECUTABLE                         reconciler
# COMMAND                            validate, plan or apply
# PATHS                              what to read, one path a line
# BASE, EXPECT, ALLOW_MASS_CHANGE,   options; reconciler refuses those that the command does not have
# CONFLICTS, PRUNE, PRUNE_USED
# OWNED_BY                           further branches that are ours, one a line
# TFY_HOST, TFY_API_KEY              control plane and token
#
# Sets the outputs that reconciler sets, and `markdown`: a file that tells of the plan or the outcomes, or of what
# went wrong.
set -euo pipefail

folder=$RUNNER_TEMP/reconciler
told=$folder/told
markdown=$folder/told.md
mkdir -p "$folder"
rm -f "$told" "$markdown"
touch "$GITHUB_STEP_SUMMARY"
before=$(wc -c <"$GITHUB_STEP_SUMMARY")

case $COMMAND in
validate) arguments=(validate --summary --format github) ;;
plan) arguments=(plan --summary --out "$told") ;;
apply) arguments=(apply --summary --yes --report "$told") ;;
*)
    echo "the input command has to be validate, plan or apply" >&2
    exit 64
    ;;
esac
if [[ -n $BASE ]]; then arguments+=("--base=$BASE"); fi
if [[ -n $EXPECT ]]; then arguments+=("--expect=$EXPECT"); fi
if [[ $ALLOW_MASS_CHANGE == true ]]; then arguments+=(--allow-mass-change); fi
if [[ $CONFLICTS != strict ]]; then arguments+=("--conflicts=$CONFLICTS"); fi
if [[ $PRUNE == true ]]; then arguments+=(--prune); fi
if [[ $PRUNE_USED == true ]]; then arguments+=(--prune-used); fi
while IFS= read -r ref; do
    if [[ -n $ref ]]; then arguments+=("--owned-by=$ref"); fi
done <<<"$OWNED_BY"

arguments+=(--)
while IFS= read -r path; do
    if [[ -n $path ]]; then arguments+=("$path"); fi
done <<<"$PATHS"

code=0
"$EXECUTABLE" "${arguments[@]}" || code=$?

# Of a run that came to no plan, the summary is what a reviewer has to see in the place of an earlier plan.
if [[ ! -s $told ]] || ! "$EXECUTABLE" show --format markdown "$told" >"$markdown"; then
    tail -c "+$((before + 1))" "$GITHUB_STEP_SUMMARY" | sed '/./,$!d' >"$markdown"
fi
if [[ -s $markdown ]]; then
    echo "markdown=$markdown" >>"$GITHUB_OUTPUT"
fi
exit "$code"
