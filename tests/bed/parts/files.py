"""Small things that all parts need: settings as a file, free ports, a CA, unprivileged owners."""
import fcntl
import os
import pwd
import random
import shlex
import shutil
import socket
import subprocess
import tempfile

DOMAIN = "example.org"
HOST = "127.0.0.1"
BENCH_PASSWORD = "bench-pw"

# dora's password has what breaks careless code: umlauts, a colon, a space, a percent sign.
PASSWORDS = {"alice": "alice-pw", "bob": "bob-pw", "carol": "carol-pw", "dora": "pä:ss wörd%41", "erin": "erin-pw"}


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def folder(path, user=None, mode=0o755):
    """Makes a folder, owned by that user where we may give it away."""
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    if user and os.geteuid() == 0:
        shutil.chown(path, user)
    return path


def write_env(bed, env):
    lines = [f"{k}={shlex.quote(str(v))}" for k, v in sorted(env.items())]
    write(f"{bed}/env.new", "\n".join(lines) + "\n")
    os.rename(f"{bed}/env.new", f"{bed}/env")  # a reader never sees half of it


def read_env(bed):
    with open(f"{bed}/env", encoding="utf-8") as f:
        return dict((k, v) for k, _, v in (w.partition("=") for w in shlex.split(f.read())))


reserved = []  # files whose locks say that a port is ours, as long as this process lives


def reserve(port):
    """Beds that run side by side must not choose the same port while neither listens on it yet."""
    where = os.path.join(tempfile.gettempdir(), f"easgate-ports-{os.geteuid()}")
    os.makedirs(where, exist_ok=True)
    f = open(os.path.join(where, str(port)), "a", encoding="ascii")
    try:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        f.close()
        return False
    reserved.append(f)
    return True


def free_port():
    """A port below the kernel's ephemeral range, so that no outgoing connection takes it while its server is
    restarted. Somebody else may still take it before our server does: then the whole start is tried again."""
    for _ in range(200):
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind((HOST, port))
            except OSError:
                continue
        if reserve(port):
            return port
    raise OSError("no free port found")


def users(bench_count):
    """address -> password, for every server of the bed"""
    named = {f"{name}@{DOMAIN}": password for name, password in PASSWORDS.items()}
    named.update({f"user{i:04d}@{DOMAIN}": BENCH_PASSWORD for i in range(1, bench_count + 1)})
    named.update({f"load{i}@{DOMAIN}": BENCH_PASSWORD for i in range(bench_count)})  # as easphone load counts
    return named


def account(name):
    """`name` if we are root and may become it, else ourselves."""
    return name if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def make_certificates(where, address=None):
    """A CA, and a certificate by it for all servers: where/ca.pem, cert.pem, key.pem. Names that address, too."""
    also = f",IP:{address}" if address else ""
    os.makedirs(where, exist_ok=True)
    write(f"{where}/ext", f"subjectAltName=DNS:localhost,DNS:mail.example.org,DNS:autodiscover.example.org,IP:127.0.0.1{also}\n"
          "extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    for arguments in (
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout ca.key -out ca.pem"
            " -subj /CN=easgate-test-bed-CA",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr.pem -subj /CN=localhost",
            "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile ext -out cert.pem"):
        subprocess.run(["openssl", *arguments.split()], cwd=where, check=True, capture_output=True)
    os.chmod(f"{where}/key.pem", 0o644)  # a throw-away key that Postfix and the tests read, too
