#!/bin/sh
# The house in order: sizes, head comments, promises of headers and manual pages that are kept.
. "$(dirname "$0")/lib.sh"
cd "$project" || exit 1
sources=$(find include parsers daemon -name '*.[ch]')
tests=$(find tests -name '*.[ch]')
nothing() { # COMMAND...: it prints nothing
    found=$("$@" 2>/dev/null)
    [ -z "$found" ] || { echo "$found"; return 1; }
}
too_long() { # LINES FILE...
    most=$1
    shift
    wc -l "$@" | awk -v most="$most" '$2 != "total" && $1 > most'
}
too_wide() { awk 'length > 100 {print FILENAME ":" FNR ": " length}' "$@"; }
headless() { # without "name.c - purpose" at their very beginning
    for f in "$@"; do
        { read -r first && read -r second; } <"$f"
        [ "$first" = '/*' ] || echo "$f: no head comment"
        case $second in
        "* ${f##*/} - "*) ;;
        *) echo "$f: its head names another file" ;;
        esac
    done
}
long_functions() { # more than 60 lines between the braces of a definition
    awk '/^{/ {at = FNR} /^}/ {if (at && FNR - at - 1 > 60) print FILENAME ":" at; at = 0}' "$@"
}
unfinished() { grep -nE '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' -r "$@"; }
declared() { # the functions of the headers
    sed -n '/^typedef/d; s/^[a-z].*[ *]\([a-z][a-z0-9_]*\)(.*/\1/p' include/*.h | sort -u
}
undefined() { # functions that a header declares and no file defines
    declared | while read -r name; do
        grep -qE "^$name\(|^#define $name\(" -r daemon parsers include || echo "$name"
    done
}
unused() { # functions that a header declares and that nobody else calls, tests included
    declared | while read -r name; do
        [ "$(grep -cwh "$name" -r daemon parsers tests include --include='*.[ch]' |
            awk '{n += $1} END {print n}')" -gt 2 ] || echo "$name"
    done
}
commands=$(sed -n 's/^    {"\([a-z-]*\)", "[^"]*", command_.*/\1/p' daemon/ctl/main.c)
unexplained() { # commands, and their options, that the manual page does not have
    sed 's/\\-/-/g; s/\\f.//g' man/callswell.1 >"$dir/page"
    for c in $commands; do
        grep -q "^\.SS $c\b" "$dir/page" || echo "$c"
        "$bin/callswell" "$c" --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p' | while read -r option; do
            sed -n "/^\.SS $c\b/,/^\.S[SH] /p" "$dir/page" | grep -q -- "--$option\b" ||
                [ "$option" = config ] || [ "$option" = help ] || echo "$c --$option"
        done
    done
}
warnings() {
    for page in man/*; do
        groff -t -ww -man -Tutf8 -rLL=78n "$page" 2>&1 >/dev/null
    done
}
absent() { # tests that docs/FAULTS.md names and nobody has
    grep -o '`[a-z_][a-z_]*\.\(sh\|c\)`' docs/FAULTS.md | tr -d '\140' | sort -u | while read -r name; do
        ls tests/*/"$name" >/dev/null 2>&1 || echo "$name"
    done
}
check "files have at most 500 lines" nothing too_long 500 $sources
check "test files have at most 600 lines" nothing too_long 600 $tests
check "lines have at most 100 columns" nothing too_wide $sources $tests
page=$(find daemon/web -type f)
wide_text() { # as too_wide, counted in characters
    python3 -c 'import sys
for name in sys.argv[1:]:
    for n, line in enumerate(open(name, encoding="utf-8"), 1):
        if len(line.rstrip("\n")) > 100: print(f"{name}:{n}: {len(line)}")' "$@"
}
nameless() { # without its name in one of the first two lines
    for f in "$@"; do
        case $f in
        *.svg) ;;
        *) sed 2q "$f" | grep -q "${f##*/} - \|${f##*/}: " || echo "$f" ;;
        esac
    done
}
check "the page's files have at most 500 lines" nothing too_long 500 $page
check "their lines have at most 100 columns" nothing wide_text $page
check "each of them says what it is for" nothing nameless $page
check "functions have at most 60 lines" nothing long_functions $sources
check "every file says what it is for" nothing headless $sources $tests
check "nothing is left to be done later" nothing unfinished include parsers daemon tests config packaging man docs Makefile
check "what headers declare is defined" nothing undefined
check "what headers declare is used" nothing unused
check "every test that docs/FAULTS.md names is there" nothing absent
pageless() { # shipped formats without a line in docs/formats/README.md that leads to a page
    for f in config/formats.d/*.conf; do
        name=$(basename "$f" .conf)
        page=$(sed -n "s/^| \`$name\` | .* | \[[^]]*\](\([^)]*\)) |\$/\1/p" docs/formats/README.md)
        [ -n "$page" ] && [ -f "docs/formats/$page" ] || echo "docs/formats/README.md: | \`$name\` | ..."
    done
    sed -n 's/^| `\([^`]*\)` |.*/\1/p' docs/formats/README.md | while read -r name; do
        [ -f "config/formats.d/$name.conf" ] || echo "docs/formats/README.md: $name is not shipped"
    done
}
check "every shipped format has a page, and the index has it" nothing pageless
check "there are commands to look for" test "$(echo $commands | wc -w)" -gt 5
check "every command and option is in callswell(1)" nothing unexplained
if command -v groff >/dev/null 2>&1; then
    check "manual pages format without a warning" nothing warnings
fi
if command -v clang-format >/dev/null 2>&1; then
    check "clang-format has nothing to change" clang-format --dry-run --Werror $sources $tests
fi
finish
