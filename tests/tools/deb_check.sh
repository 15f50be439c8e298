#!/bin/sh
# deb_check.sh: the package of build/deb, as its users meet it: installed in a Debian that has nothing of ours,
# run there, upgraded, removed and purged. Needs root, and the machine's own Debian mirror.
set -eu
cd "$(dirname "$0")/../.."
deb=$(ls "$PWD"/build/deb/callswell_*.deb)
root=$PWD/build/deb/root
say() { printf '%s\n' "$*"; }
fail() {
    say "FAILED: $*"
    exit 1
}
inside() { chroot "$root" "$@"; }
mounts() { umount -l "$root/proc" "$root/dev/null" "$root/dev/urandom" 2>/dev/null || true; }
[ "$(id -u)" = 0 ] || fail "a root of its own can be made by root only"
trap mounts EXIT

say "lintian"
lintian --allow-root --fail-on error,warning "$deb" || fail "lintian"

say "a clean root"
. /etc/os-release
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" | head -n 1)
mounts
rm -rf "$root"
debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "$mirror" >build/deb/debootstrap.log 2>&1 ||
    fail "debootstrap: build/deb/debootstrap.log"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -R /etc/apt/apt.conf.d "$root/etc/apt/" # a proxy, perhaps
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # nothing is started by itself
chmod 755 "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
cp "$deb" "$root/tmp/callswell.deb"
inside apt-get update -qq 2>>build/deb/apt.log
# What it depends on first, so that all that is left afterwards is of callswell.
dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/,/ /g' |
    xargs chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends >>build/deb/apt.log 2>&1
files() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log -o -path ./tmp \) -prune -o -print | sort); }
files >build/deb/before

say "installed"
inside dpkg -i /tmp/callswell.deb >>build/deb/apt.log 2>&1
[ "$(inside stat -c '%U %G %a' /etc/callswell/callswelld.conf)" = "root callswell 640" ] || fail "the configuration's owner"
[ "$(inside stat -c '%U %a' /var/lib/callswell)" = "callswell 750" ] || fail "the state's owner"
inside callswelld -t -c /etc/callswell/callswelld.conf || fail "the configuration as installed"
[ -e "$root/lib/systemd/system/callswelld.service" ] || fail "the unit"
# Of what it says only words about lines of the unit matter: that root has no other units.
systemd-analyze verify --root="$root" callswelld.service 2>&1 | grep -E '\.service:[0-9]+:' && fail "the unit"

say "run as its user"
inside callswell generate --records 2000 --days 2 --out /tmp/usage.csv
as_user() { inside runuser -u callswell -- "$@"; }
as_user callswell import --format csv /tmp/usage.csv | grep -q '2000 records' || fail "import"
as_user callswell verify >/dev/null || fail "verify"
counted=$(as_user callswell status --json | tr ',' '\n' | grep '"accepted"')

say "upgraded: what was counted and configured stays"
sed -i 's|^timezone = .*|timezone = "Europe/Berlin"|' "$root/etc/callswell/callswelld.conf"
newer=$PWD/build/deb/newer
rm -rf "$newer"
dpkg-deb -R "$deb" "$newer"
sed -i 's/^Version: .*/&+1/' "$newer/DEBIAN/control"
dpkg-deb --root-owner-group -b "$newer" "$root/tmp/newer.deb" >/dev/null
inside dpkg -i /tmp/newer.deb >>build/deb/apt.log 2>&1
grep -q '^timezone = "Europe/Berlin"' "$root/etc/callswell/callswelld.conf" || fail "the configuration was overwritten"
[ "$(as_user callswell status --json | tr ',' '\n' | grep '"accepted"')" = "$counted" ] || fail "counts changed"

say "removed: they stay still; purged: nothing does"
inside dpkg -r callswell >>build/deb/apt.log 2>&1
[ -e "$root/var/lib/callswell/ledger.db" ] || fail "removing it removed the ledger"
inside dpkg -P callswell >>build/deb/apt.log 2>&1
files >build/deb/after
diff build/deb/before build/deb/after | grep '^[<>]' | grep -Ev '/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' &&
    fail "purging left that behind or took it along"
say "the package installs, runs, upgrades and purges cleanly"
