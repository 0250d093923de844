#!/usr/bin/env bash
# Installs reconciler from the commit that this action is of, with the versions that its tests ran with.
#
# EXECUTABLE  a reconciler that is there already: nothing is installed
set -euo pipefail

if [[ -z $EXECUTABLE ]]; then
    source=$GITHUB_ACTION_PATH/../../..
    environment=$RUNNER_TEMP/reconciler/environment
    EXECUTABLE=$environment/bin/reconciler
    # Another step of the same job may have done it.
    if [[ ! -x $EXECUTABLE ]]; then
        python -m venv --clear "$environment"
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check \
            --constraint "$source/.ci/constraints.txt" "$source"
    fi
fi
echo "executable=$EXECUTABLE" >>"$GITHUB_OUTPUT"
