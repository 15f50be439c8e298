#!/bin/sh
# page.sh FILE...: prints C source that defines `page_files` (include/page.h): each file compressed,
# with the type its name tells and a tag of its content.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#include "page.h"\n'
n=0
for f; do
    case $f in
    *.html) type='text/html; charset=utf-8' ;;
    *.css) type='text/css; charset=utf-8' ;;
    *.js) type='text/javascript; charset=utf-8' ;;
    *.svg) type='image/svg+xml' ;;
    *.txt) type='text/plain; charset=utf-8' ;;
    *.webmanifest) type='application/manifest+json' ;;
    *) echo "page.sh: $f: a name of this kind is not served" >&2; exit 1 ;;
    esac
    gzip -9n <"$f" >"$work/gz"
    tag=$(sha256sum "$work/gz" | cut -c 1-16)
    size=$(wc -c <"$work/gz")
    sh "$here/embed.sh" "page_file_$n" "$work/gz"
    printf '    {"%s", "%s", "W/\\"%s\\"", page_file_%s, %s},\n' "${f##*/}" "$type" "$tag" $n "$size" \
        >>"$work/table"
    n=$((n + 1))
done
printf 'const struct page_file page_files[] = {\n'
cat "$work/table"
printf '};\nconst size_t page_file_count = %s;\n' $n
