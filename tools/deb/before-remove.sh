#!/bin/sh
# Run by dpkg before the program's files go or are replaced. Agents outlive the window, so they are ended here, as by
# `genba-agent stop`: by SIGTERM, on which one keeps all but the round in progress. What they know stays where it is.
set -e

program=/opt/Genba
wait_seconds=45
# Only root may write there; gone when the PC restarts.
restart=/run/genba-restart

# Process ids of what runs from the program's folder: $1 is the program's file there.
running() {
  for process in /proc/[0-9]*; do
    # What is replaced while it runs is shown as deleted.
    case "$(readlink "$process/exe" 2>/dev/null)" in
      "$program/$1" | "$program/$1 (deleted)") basename "$process" ;;
    esac
  done
}

# Notes what is to go on, for after-upgrade.sh: a service by its name, an agent of somebody's session as `env` is to
# start its window. The agent's environment, because Chromium writes over its own.
remember() {
  rm -rf "$restart"
  mkdir -m 700 "$restart"
  for process in $(running resources/node); do
    data=$(tr '\0' '\n' <"/proc/$process/cmdline" | sed -n '/^--data$/{n;p;q}') || continue
    [ -n "$data" ] || continue
    account=$(stat -c %u "/proc/$process") || continue
    service=$(sed -n 's#^0::/system\.slice/\([^/]*\.service\)$#\1#p' "/proc/$process/cgroup")
    if [ -n "$service" ]; then
      : >"$restart/$service"
    else
      {
        cat "/proc/$process/environ"
        printf '%s\0' "$program/genba" "--data=$data" --hidden
      } >"$restart/$account.$process.window"
    fi
  done
}

[ "$1" != upgrade ] || remember

# The window first: it would start another agent.
for file in genba resources/node; do
  for process in $(running "$file"); do
    kill -TERM "$process" 2>/dev/null || true
  done
  left=$wait_seconds
  while [ -n "$(running "$file")" ] && [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
  done
  for process in $(running "$file"); do
    kill -KILL "$process" 2>/dev/null || true
  done
done
