#!/usr/bin/env bash
# demo.sh start|stop: `make demo` and `make demo-stop`.
#
# Brings up private mail servers and easgate in front of them, all on loopback, and shows what a phone sees: the probe of
# an administrator, a first sync, a mail that is pushed. Then leaves it running, for real phones, until `stop`.
# LISTEN=192.0.2.7 lets easgate listen on that address of this machine, too, for phones in its network.
set -euo pipefail
cd "$(dirname "$0")/../.."
state=deploy/demo/state # the folder that holds all of it, below /tmp: the servers' own users must get to it

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
explain() { printf '   %s\n' "$@"; }

stop() {
    if [ ! -e $state/dir ]; then
        echo "no demo is running"
        return
    fi
    dir=$(cat $state/dir)
    tests/bed/bed stop "$dir"
    rm -rf "$dir" $state
    echo "the demo is gone, with all of its processes and files"
}

prepare() {
    say "1. What it needs"
    ${MAKE:-make} --no-print-directory deps
    ${MAKE:-make} --no-print-directory -j"$(nproc)" all >$state/build.log 2>&1 || { tail -n 40 $state/build.log; exit 1; }
    explain "built: build/easgate, the gateway, and build/easphone, a simulated phone"
}

servers() {
    say "2. Private servers on loopback ports: Dovecot, Postfix, Redis, Radicale, and easgate in front"
    dir=$(mktemp -d /tmp/easgate-demo.XXXXXX)
    echo "$dir" >$state/dir
    # Both as the gateway comes: tests want more.
    tests/bed/bed start "$dir" --easgate "$PWD/build/easgate" ${LISTEN:+--listen "$LISTEN"} \
        --set eas.heartbeat_min=60s --set "eas.versions=12.1, 14.0, 14.1"
    set -a
    . "$dir/env"
    set +a
    tests/bed/bed status "$dir" | sed 's/^/   /'
    [ "$SMTP" = present ] || explain "Postfix does not run here ($SMTP_ABSENT_BECAUSE): mails can be read here, not sent"
    user=${USERS%% *}
    export EASPHONE_PASSWORD=$PASSWORD_ALICE
    deploy/demo/mailbox.py fill "$user" "$PASSWORD_ALICE"
}

phone() {
    say "3. easphone probe: does this server work for phones?"
    build/easphone probe "$EASGATE_URL" "$user" --ca "$CA_FILE" --device demoprobe1
    say "4. easphone sync: a new phone is set up and fetches the mailbox"
    build/easphone sync "$EASGATE_URL" "$user" "$dir/phone" --ca "$CA_FILE" --device demophone1
    explain "what the phone has now, as readable files: $dir/phone"
    say "5. easphone watch: the phone holds one request open; a mail arrives"
    deploy/demo/mailbox.py push "$user" "$PASSWORD_ALICE" build/easphone watch "$EASGATE_URL" "$user" --ca "$CA_FILE" \
        --device demophone1 --count 1
}

invite() {
    say "6. Your turn"
    explain "It runs on until: make demo-stop" \
        "" \
        "server    ${LISTEN:-localhost}, port $EASGATE_PORT   (${EASGATE_URL/localhost/${LISTEN:-localhost}})" \
        "user      $user    password  $PASSWORD_ALICE" \
        "also      bob@$DOMAIN  $PASSWORD_BOB,  carol@$DOMAIN  $PASSWORD_CAROL" \
        "its CA    $CA_FILE   (install it on the phone, or accept the certificate there)" \
        "" \
        "a mail:   tests/bed/bed deliver $dir $user FILE.eml" \
        "the log:  tail -f $EASGATE_ACCESS_LOG"
    [ -n "${LISTEN:-}" ] || explain "" "It listens on loopback only. For a real phone: make demo-stop; LISTEN=<this machine's address> make demo"
}

start() {
    if [ -e $state/dir ] && tests/bed/bed status "$(cat $state/dir)" >/dev/null 2>&1; then
        echo "a demo is running; first: make demo-stop"
        return 1
    fi
    mkdir -p $state
    trap 'status=$?; [ $status -eq 0 ] || { echo; echo "the demo failed; ending it"; stop; }' EXIT
    prepare
    servers
    phone
    invite
}

case "${1:-}" in
start | stop) "$1" ;;
*) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
