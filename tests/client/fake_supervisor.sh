#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for meshyard-supervisor: keeps its arguments, says ready, ends with its lifeline.
folder=$2
echo "$@" > "$folder/arguments"
if [ -e "$folder/refuse" ]; then
    echo "meshyardd: port 9000 is taken; choose another with --admin" >&2
    exit 1
fi
echo '{"event":"log","text":"not the line"}'
echo "{\"event\":\"ready\",\"admin\":\"unix:$folder/admin.sock\",\"pid\":$$}"
word=$(head -c 1)
if [ "$word" = d ]; then echo detached > "$folder/ended"; else echo stopped > "$folder/ended"; fi
