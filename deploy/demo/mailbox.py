#!/usr/bin/python3
"""What demo.sh does to the mailbox; ports come from the bed's env.

    mailbox.py fill USER PASSWORD             puts the sample mails into the inbox, some days old, some read
    mailbox.py push USER PASSWORD COMMAND...  runs COMMAND (easphone watch), delivers a mail, and prints when Dovecot's
                                              own IDLE told of it and when the phone had it
"""
import email.utils
import imaplib
import os
import select
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HOST, PORT = os.environ["HOST"], int(os.environ["IMAP_PORT"])
HOUR = 3600


def sample(name, when):
    with open(f"{HERE}/mails/{name}", "rb") as f:
        text = f.read()
    text = text.replace(b"@DATE@", email.utils.formatdate(when, localtime=True).encode())
    text = text.replace(b"@NUMBER@", str(int(when)).encode())
    return text.replace(b"\n", b"\r\n")


def fill(user, password):
    imap = imaplib.IMAP4(HOST, PORT)
    imap.login(user, password)
    names = sorted(n for n in os.listdir(f"{HERE}/mails") if n[0].isdigit())
    now = time.time()
    for i, name in enumerate(names):
        when = now - (len(names) - i) * 9 * HOUR
        flags = r"(\Seen)" if i % 3 == 0 else r"(\Flagged)" if i % 3 == 2 else None
        imap.append("INBOX", flags, imaplib.Time2Internaldate(when), sample(name, when))
    imap.append("Sent", r"(\Seen)", imaplib.Time2Internaldate(now - HOUR), sample("1-plain.eml", now - HOUR))
    imap.create('"Projekte/Caf&AOk- Z&APw-rich"')
    imap.logout()
    print(f"   {user} has {len(names)} mails in the inbox and a folder Projekte/Café Zürich")


class Idle:
    """A plain IMAP connection that idles on the inbox: the fastest that anybody can learn of a mail."""

    def __init__(self, user, password):
        self.sock = socket.create_connection((HOST, PORT))
        self.lines = self.sock.makefile("rb")
        self.lines.readline()
        for command in (f'a LOGIN {user} "{password}"', "a SELECT INBOX"):
            self.sock.sendall(command.encode() + b"\r\n")
            while not self.lines.readline().startswith(b"a OK"):
                pass
        self.sock.sendall(b"a IDLE\r\n")
        self.lines.readline()


def deliver(user):
    """Through LMTP, as a mail server does it. Doesn't wait for the end."""
    path = os.path.join(os.environ["BED"], "pushed.eml")
    with open(path, "wb") as f:
        f.write(sample("pushed.eml", time.time()))
    bed = os.path.join(HERE, "../../tests/bed/bed")
    return subprocess.Popen([bed, "deliver", os.environ["BED"], user, path])


def push(user, password, *command):
    idle = Idle(user, password)
    phone = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in phone.stdout:
        print("   " + line.decode(), end="", flush=True)
        if b"waiting" in line:
            break
    time.sleep(2)  # so that its Ping is held, and the watch on Dovecot stands
    told = {}
    sent = time.monotonic()
    delivery = deliver(user)
    print(f"   a mail is delivered to {user}", flush=True)
    while len(told) < 2:
        ready, _, _ = select.select([x for x in (idle.sock, phone.stdout) if x not in told], [], [], 30)
        if not ready:
            sys.exit("   no push within 30 seconds")
        for source in ready:
            told[source] = time.monotonic()
    delivery.wait()
    rest = phone.stdout.read().decode()
    print("".join(f"   {line}\n" for line in rest.splitlines()), end="")
    at_idle, at_phone = (1000 * (told[x] - sent) for x in (idle.sock, phone.stdout))
    print(f"   Dovecot's own IDLE told of it after {at_idle:.0f} ms; {at_phone - at_idle:+.0f} ms from there, the phone had been "
          "told, had asked and had the mail")
    return phone.wait()


if __name__ == "__main__":
    verbs = {"fill": fill, "push": push}
    if len(sys.argv) < 4 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    sys.exit(verbs[sys.argv[1]](*sys.argv[2:]))
