#!/bin/sh
# Run by dpkg before the program's files go or are replaced. Agents outlive the window, so they are ended here, as by
# `genba-agent stop`: by SIGTERM, on which one keeps all but the round in progress. What they know stays where it is.
set -e

program=/opt/Genba
wait_seconds=45

# Process ids of what runs from the program's folder: $1 is the program's file there.
running() {
  for process in /proc/[0-9]*; do
    # What is replaced while it runs is shown as deleted.
    case "$(readlink "$process/exe" 2>/dev/null)" in
      "$program/$1" | "$program/$1 (deleted)") basename "$process" ;;
    esac
  done
}

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
