#!/bin/sh
# deb.sh VERSION: builds build/deb/callswell_VERSION-1_ARCH.deb from the sources as they lie here.
# The changelog is made of the version and the newest commit's date, so that one tree makes one package.
set -eu
cd "$(dirname "$0")/.."
version=$1
out=$PWD/build/deb
rm -rf "$out"
mkdir -p "$out/callswell"
# What git knows; without git, all but what was built.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$out/callswell"
    date=$(git log -1 --format=%cD)
else
    tar -c --exclude=./build . | tar -x -C "$out/callswell"
    date=$(date -R -r CHANGELOG.md)
fi
cd "$out/callswell"
cp -R packaging/debian debian
cat >debian/changelog <<END
callswell ($version-1) unstable; urgency=medium

  * What changed is in changelog.gz beside this.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $date
END
printf 'README.md\ndocs/formats\n' >debian/callswell.docs
DEB_BUILD_OPTIONS="parallel=$(nproc) nocheck" dpkg-buildpackage -b -us -uc >../build.log 2>&1 || {
    tail -n 40 ../build.log >&2
    echo "deb: the package was not built; all of it is in $out/build.log" >&2
    exit 1
}
rm -rf "$out/callswell"
ls "$out"/callswell_*.deb
