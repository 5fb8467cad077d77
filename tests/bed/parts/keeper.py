"""The keeper: one process per bed that starts its services, reaps them, and obeys DIR/control.

It is the subreaper of all they fork, so nothing that belongs to the bed escapes it, and it ends the bed when the
owner (the test that asked for it) is gone. If it is killed itself, `bed stop` and the next `bed start` on the same
folder end what it left, by the pid files."""
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback

from . import files
from .dovecot import Dovecot
from .easgate import Easgate
from .postfix import Postfix
from .simple import MockSmtp, Radicale, Redis

KINDS = {k.name: k for k in (Redis, Dovecot, Postfix, Radicale, MockSmtp, Easgate)}
START_SECONDS = 20
PR_SET_CHILD_SUBREAPER = 36


class BedError(Exception):
    pass


class Running:
    """A service and its process, which leads a process group of its own."""

    def __init__(self, service):
        self.service = service
        self.pid = 0  # 0: not running

    def start(self):
        bed, name = self.service.bed, self.service.name
        with open(f"{bed}/log/{name}.out", "ab") as out:
            child = subprocess.Popen(self.service.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     start_new_session=True, cwd=self.service.dir)
        self.pid = child.pid
        child.returncode = 0  # we reap it ourselves; this keeps Popen from trying
        files.write(f"{bed}/pids/{name}", f"{self.pid}\n")

    def wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            reap()
            if not self.main_alive():
                raise BedError(f"{self.service.name} ended while it started:\n{self.last_words()}")
            try:
                if self.service.ready():
                    return
            except OSError:
                pass  # not listening yet
            if time.monotonic() > deadline:
                raise BedError(f"{self.service.name} is not ready after {START_SECONDS} s:\n{self.last_words()}")
            time.sleep(0.01)

    def last_words(self):
        text = ""
        for suffix in ("out", "log"):
            path = f"{self.service.bed}/log/{self.service.name}.{suffix}"
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    text += f.read()[-2000:]
        return text

    def main_alive(self):
        try:
            os.kill(self.pid, 0)
            return self.pid != 0
        except ProcessLookupError:
            return False

    def signal_group(self, number):
        """False if no process of the group is left."""
        try:
            os.killpg(self.pid, number)
            return True
        except ProcessLookupError:
            return False

    def stop(self, first=signal.SIGTERM):
        """SIGTERM to the main process, which knows how to end its children; SIGKILL to what stays. Waits."""
        if not self.pid:
            return
        self.signal_group(signal.SIGCONT)
        if first == signal.SIGKILL or self.service.stop_children:
            self.signal_group(first)
        elif self.main_alive():
            os.kill(self.pid, first)
        deadline = time.monotonic() + self.service.stop_seconds
        while self.signal_group(0):
            reap()
            if time.monotonic() > deadline or not self.main_alive():
                self.signal_group(signal.SIGKILL)
            time.sleep(0.005)
        self.pid = 0
        pid_file = f"{self.service.bed}/pids/{self.service.name}"
        if os.path.exists(pid_file):
            os.unlink(pid_file)


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def stop_strays():
    """Processes that left their service's group, such as a Redis that the gateway started for itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            reap()
            strays = [int(p) for p in os.listdir("/proc") if p.isdigit() and parent_of(p) == os.getpid()]
            if not strays:
                return
            for pid in strays:
                os.kill(pid, number)
            time.sleep(0.01)


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return int(f.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


class Keeper:
    def __init__(self, args):
        self.args = args
        self.running = {}

    def start_all(self):
        """Ports are chosen before the servers take them, so a clash is possible: then all is tried again."""
        for attempt in range(3):
            try:
                return self.try_start()
            except BedError as e:
                self.stop_all()
                if attempt == 2 or "ended while it started" not in str(e):
                    raise

    def try_start(self):
        bed, args = self.args.dir, self.args
        names = [n for n in args.services.split(",") if n]
        unknown = [n for n in names if n not in KINDS or n == "easgate"]
        if unknown:
            raise BedError(f"no such service: {', '.join(unknown)}")
        env = {"BED": bed, "HOST": files.HOST, "DOMAIN": files.DOMAIN, "CA_FILE": f"{bed}/tls/ca.pem",
               "CERT_FILE": f"{bed}/tls/cert.pem", "KEY_FILE": f"{bed}/tls/key.pem", "SMTP": "absent",
               "USERS": " ".join(f"{n}@{files.DOMAIN}" for n in files.PASSWORDS),
               "BENCH_USERS": args.users, "BENCH_PASSWORD": files.BENCH_PASSWORD, "KEEPER_PID": os.getpid()}
        env |= {f"PASSWORD_{name.upper()}": password for name, password in files.PASSWORDS.items()}
        if "postfix" in names and Postfix.why_absent():
            names.remove("postfix")
            env["SMTP_ABSENT_BECAUSE"] = Postfix.why_absent()
        self.running = {}
        for name in names:
            self.launch(name, env)
        for running in self.running.values():
            running.wait_ready()
        if args.easgate:
            self.launch("easgate", env).wait_ready()
        files.write_env(bed, env)

    def launch(self, name, env):
        service = KINDS[name](self.args.dir, self.args)
        service.bed_env = env
        service.prepare()
        env.update(service.env)
        self.running[name] = Running(service)
        self.running[name].start()
        return self.running[name]

    def stop_all(self):
        for running in reversed(list(self.running.values())):
            running.stop()
        stop_strays()

    def obey(self, line):
        verb, *rest = line.split()
        if verb == "status":
            return "\n".join(f"{n}: {'running, pid ' + str(r.pid) if r.pid and r.main_alive() else 'down'}"
                             for n, r in self.running.items())
        if not rest or rest[0] not in self.running:
            raise BedError(f"which service? one of: {' '.join(self.running)}")
        running = self.running[rest[0]]
        if verb == "stop":
            running.stop()
        elif verb == "kill":
            running.stop(signal.SIGKILL)
        elif verb == "restart":
            running.stop()
            running.start()
            running.wait_ready()
        elif verb == "signal" and len(rest) == 2 and running.pid:
            number = getattr(signal, f"SIG{rest[1]}")
            if number in (signal.SIGSTOP, signal.SIGCONT):
                running.signal_group(number)
            else:
                os.kill(running.pid, number)
        else:
            raise BedError(f"cannot do that: {line}")
        return ""

    def serve(self, control):
        """Obeys one client after the other until told to stop, until SIGTERM, or until the owner is gone."""
        wake_r, wake_w = os.pipe()
        os.set_blocking(wake_w, False)
        signal.set_wakeup_fd(wake_w)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda n, _: setattr(self, "told_to_end", self.told_to_end or n == signal.SIGTERM))
        poll = select.poll()
        poll.register(control, select.POLLIN)
        poll.register(wake_r, select.POLLIN)
        owner = owner_fd(self.args.owner)
        if owner is not None:
            poll.register(owner, select.POLLIN)
        while not self.told_to_end:
            ready = [fd for fd, _ in poll.poll()]
            reap()
            if owner in ready:
                self.abandoned = True
                return None
            if wake_r in ready:
                os.read(wake_r, 512)
            if control.fileno() in ready:
                client, _ = control.accept()
                if self.serve_client(client):
                    return client
        return None

    told_to_end = False
    abandoned = False

    def serve_client(self, client):
        """True for the order to stop the bed: its client is answered when all is gone."""
        client.settimeout(5)
        try:
            line = client.makefile().readline().strip()
            if line == "stop":
                return True
            try:
                reply = "ok\n" + self.obey(line)
            except (BedError, OSError, AttributeError) as e:
                reply = f"error {e}"
            client.sendall(reply.encode())
        except OSError:
            pass  # the client went away: its loss
        client.close()
        return False

    def run(self, report):
        """`report` takes one line of text when the bed is up, or what went wrong."""
        bed = self.args.dir
        control = socket.socket(socket.AF_UNIX)
        control.bind(f"{bed}/control")
        control.listen(16)
        try:
            self.start_all()
        except (BedError, OSError, subprocess.CalledProcessError) as e:
            report(f"error {e}")
            self.stop_all()
            os.unlink(f"{bed}/control")
            return
        report("ok")
        client = self.serve(control)
        self.stop_all()
        os.unlink(f"{bed}/control")
        if client:
            client.sendall(b"ok\n")
        if self.abandoned and "BED_KEEP" not in os.environ:
            shutil.rmtree(bed, ignore_errors=True)  # who would have done it is gone


def owner_fd(pid):
    """Becomes readable when that process ends. None: the bed has no owner."""
    if not pid:
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise BedError("the owner is gone already") from None


def prepare_folder(bed, listen):
    if len(bed) > 70:
        raise BedError(f"{bed}: too long for the unix sockets below it (70 bytes at most)")
    if os.path.exists(f"{bed}/control"):
        try:
            ask(bed, "status")
        except BedError:
            kill_orphans(bed)
        else:
            raise BedError(f"{bed}: a bed runs there already")
    files.folder(bed, mode=0o755)  # the servers' own users must get through
    files.folder(f"{bed}/log", mode=0o777)
    files.folder(f"{bed}/pids")
    if os.path.exists(f"{bed}/env"):
        os.unlink(f"{bed}/env")
    if not os.path.exists(f"{bed}/tls/cert.pem"):
        files.make_certificates(f"{bed}/tls", listen)


def start(args):
    """Forks the keeper and waits until it reports. The keeper never returns from here."""
    prepare_folder(args.dir, args.listen)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        detach(args.dir, writer)
        try:
            Keeper(args).run(lambda text: (os.write(writer, text.encode()), os.close(writer)))
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as r:
        answer = r.read()
    if answer != "ok":
        raise BedError(answer.removeprefix("error ") or f"the keeper died, see {args.dir}/log/keeper.out")
    return 0


def detach(bed, keep):
    """A session of its own, no terminal, and but for `keep` no descriptor of whoever waits for `bed start` to end:
    with -j, make waits until nobody holds its job pipe any more."""
    os.setsid()
    os.chdir("/")
    os.environ["TZ"] = "UTC"  # so that dates in tests mean the same everywhere
    log = os.open(f"{bed}/log/keeper.out", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open("/dev/null", os.O_RDONLY)
    for fd, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(fd, target)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def kill_orphans(bed):
    """What a killed keeper left: its socket and its services. A number in a pid file may be somebody else's by now,
    so only a process that works inside the bed's folder is ended."""
    if os.path.exists(f"{bed}/control"):
        os.unlink(f"{bed}/control")
    for name in os.listdir(f"{bed}/pids"):
        with open(f"{bed}/pids/{name}", encoding="ascii") as f:
            pid = int(f.read())
        try:
            while os.readlink(f"/proc/{pid}/cwd").startswith(bed):
                os.killpg(pid, signal.SIGKILL)
                time.sleep(0.01)
        except OSError:
            pass  # gone
        os.unlink(f"{bed}/pids/{name}")


def stop(bed):
    """Stops the whole bed. To stop one that does not run is no error."""
    try:
        ask(bed, "stop")
    except BedError:
        if os.path.isdir(f"{bed}/pids"):
            kill_orphans(bed)


def ask(bed, line):
    """One order to the keeper; returns what it has to say."""
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(f"{bed}/control")
        except OSError:
            raise BedError(f"{bed}: no bed runs there") from None
        s.sendall(line.encode() + b"\n")
        answer = s.makefile().read()
    if not answer.startswith("ok\n"):
        raise BedError(answer.removeprefix("error ") or "the keeper died")
    return answer.removeprefix("ok\n")
