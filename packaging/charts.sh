#!/bin/sh
# charts.sh DIR: DIR/charts.js and DIR/charts.css, the page's charting library, from its published
# package in the version and with the hash that packaging/npm/package-lock.json names. Where npm or its registry
# is not there both say so, and the page draws its series itself, plainer.
set -eu
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
plain() {
    echo "charts.sh: $1: the page will draw its charts plainly (make clean, then make, tries again)" >&2
    echo 'export default null;' >"$dir/charts.js.new"
    echo '/* no charting library in this build */' >"$dir/charts.css.new"
}
take() {
    work=$(mktemp -d "$dir/take-XXXXXX")
    cp "$here/npm/package.json" "$here/npm/package-lock.json" "$work/"
    (cd "$work" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --prefer-offline \
        --loglevel=error --fetch-retries=1 --fetch-timeout=20000) >"$dir/charts.log" 2>&1 || {
        rm -rf "$work"
        return 1
    }
    lib=$work/node_modules/uplot
    { sed 's/^/\/\/ /' "$lib/LICENSE"; cat "$lib/dist/uPlot.iife.min.js"; echo 'export default uPlot;'; } \
        >"$dir/charts.js.new"
    cp "$lib/dist/uPlot.min.css" "$dir/charts.css.new"
    rm -rf "$work"
}
if ! command -v npm >/dev/null 2>&1; then
    plain "npm is not installed"
elif ! take; then
    plain "npm could not get the charting library (see $dir/charts.log)"
fi
mv "$dir/charts.css.new" "$dir/charts.css"
mv "$dir/charts.js.new" "$dir/charts.js"
