#!/bin/sh
# embed.sh NAME FILE...: prints C source that defines `const char NAME[]`, the files' bytes in
# order, NUL-ended, and `const unsigned long NAME_size` without the NUL.
set -eu
name=$1
shift
printf 'extern const char %s[];\nextern const unsigned long %s_size;\nconst char %s[] = {\n' "$name" "$name" "$name"
[ $# -eq 0 ] || cat "$@" | od -An -v -tu1 | tr -s ' \n' ',' | sed 's/^,//; s/,$//' | fold -w 96
printf ',0};\nconst unsigned long %s_size = sizeof %s - 1;\n' "$name" "$name"
