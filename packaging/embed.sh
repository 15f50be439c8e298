#!/bin/sh
# embed.sh NAME FILE...: prints C source that defines `const char NAME[]`, the files' bytes in
# order, NUL-ended, and `const unsigned long NAME_size` without the NUL.
set -eu
name=$1
shift
printf 'extern const char %s[];\nextern const unsigned long %s_size;\n' "$name" "$name"
printf 'const char %s[] = {\n' "$name"
[ $# -eq 0 ] || cat "$@" | od -An -v -tu1 | sed 's/^ *//; s/  */,/g; s/$/,/'
printf '0};\nconst unsigned long %s_size = sizeof %s - 1;\n' "$name" "$name"
