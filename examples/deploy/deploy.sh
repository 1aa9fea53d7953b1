#!/usr/bin/env bash
# Plan, stop over budget, show what would change, do exactly that. Exit codes are the planner's:
# 6 over budget, 7 stale or drifted, 8 partly done (run it again to continue).
#   BUDGET_USD=40 TARGET=aws SETTINGS=deployment.yaml START=2026-11-23T06:00Z ./deploy.sh scenario.yaml
set -euo pipefail
scenario=${1:?name the scenario}
budget_usd=${BUDGET_USD:?set the most that the horizon may cost, in USD}
place=(--target "${TARGET:-dry-run}" ${SETTINGS:+--settings "$SETTINGS"} ${AT:+--at "$AT"})

planner plan "$scenario" ${START:+--start "$START"} -o plan.json --fail-over "$budget_usd"
planner report plan.json --format markdown
planner apply plan.json "${place[@]}" --dry-run -o shown.json
planner apply plan.json "${place[@]}" --dry-run --format markdown
if [ "${TARGET:-dry-run}" = dry-run ]; then
  exit
fi
# What has drifted since shown.json is refused; a table printed in between was of the same state.
planner apply plan.json "${place[@]}" --expect shown.json --quiet -o applied.json
planner status plan.json "${place[@]}" --format markdown
