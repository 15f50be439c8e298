#!/bin/sh
# deps.sh build|test|package: installs the Debian or Ubuntu packages that are missing, and says so.
# Needs root or sudo only when something is missing.
set -eu

build="gcc make pkg-config libc6-dev libevent-dev libhiredis-dev libsqlite3-dev libpcre2-dev
libconfuse-dev libhttp-parser-dev libexpat1-dev libssl-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev libxxhash-dev libsystemd-dev tzdata"
# The page's charts come from npm; whoever has it otherwise (with a newer Node.js) needs no package.
command -v npm >/dev/null 2>&1 || build="$build nodejs npm"
run="redis-server"
# Elsewhere sixteen bytes are compared at a time through its headers, as SSE2 does it here.
[ "$(uname -m)" = x86_64 ] || build="$build libsimde-dev"
test="python3 curl openssl zstd rsyslog rsyslog-relp rsyslog-openssl logrotate clang libclang-rt-dev util-linux procps
strace freeradius-utils janus kamailio sip-tester iproute2 prometheus chromium fonts-wqy-microhei"
package="debhelper dpkg-dev lintian debootstrap"

case ${1:-} in
package) want="$build $package" ;;
build) want="$build $run" ;;
test) want=$test ;;
*) echo "usage: deps.sh build|test|package" >&2; exit 64 ;;
esac

command -v dpkg-query >/dev/null 2>&1 || {
    echo "deps: not a Debian or Ubuntu system; install by hand:" $want >&2
    exit 0
}
missing=
for p in $want; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $p"
done
if [ -z "$missing" ]; then
    echo "deps: all $1 packages are here"
    exit 0
fi
echo "deps: installing$missing"
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
# Servers that come with packages are for our own use: none is started as a service.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
    trap '$as_root rm -f $policy' EXIT
fi
$as_root apt-get update -qq || echo "deps: package lists not refreshed, going on" >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
