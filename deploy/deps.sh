#!/usr/bin/env bash
# deps.sh [build|tools]: installs what the build and the tests need on Debian 12, if something is missing; with `build`
# only what building and running easgate needs, and no mail server; with `tools` also what make fuzz, format, tidy and
# valgrind need. Starts no service, neither now nor at the next boot: the tests run private instances of their own.
set -euo pipefail

build=(gcc make libc6-dev pkg-config libevent-dev libssl-dev libhiredis-dev libxml2-dev libinih-dev
    libjansson-dev zlib1g-dev libcmocka-dev)
tests=(python3 openssl redis-server dovecot-imapd dovecot-lmtpd dovecot-managesieved dovecot-sieve postfix radicale
    libxml2-utils)
tools=(clang libclang-rt-dev clang-format clang-tidy valgrind)
services=(redis-server dovecot postfix radicale)

case "${1:-}" in
build) wanted=("${build[@]}" redis-server) ;;
tools) wanted=("${build[@]}" "${tests[@]}" "${tools[@]}") ;;
*) wanted=("${build[@]}" "${tests[@]}") ;;
esac
missing=()
for package in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "deps: all ${#wanted[@]} packages are there"
    exit 0
fi

echo "deps: installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "deps: run this as root, or install sudo" >&2; exit 1; }
    as_root=(sudo)
fi

# Package scripts ask this program before they start a service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '"${as_root[@]}" rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod 755 $policy
fi
echo "postfix postfix/main_mailer_type select No configuration" | "${as_root[@]}" debconf-set-selections
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends --no-remove -o Dpkg::Use-Pty=0 "${missing[@]}" || {
    echo "deps: not everything could be installed. Nothing is removed for it: a machine with another mail server" \
        "(postfix replaces it) can be built on with make deps-build, but not tested on" >&2
    exit 1
}

# What we brought in shall not become a public server at the next boot; what was there before is left alone.
for service in "${services[@]}"; do
    case " ${missing[*]} " in
    *" $service"*) ! command -v systemctl >/dev/null || "${as_root[@]}" systemctl disable -q "$service" || true ;;
    esac
done
