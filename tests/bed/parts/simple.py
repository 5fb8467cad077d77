"""The servers that need little to say: Redis, Radicale, the mock SMTP server."""
import os

from . import files
from .service import Service, greets


class Redis(Service):
    name = "redis"

    def prepare(self):
        port, password = files.free_port(), self.args.redis_password
        files.folder(self.dir, mode=0o700)
        secret = f"requirepass {password}\n" if password else ""
        # The socket is for tests; DEBUG SLEEP lets one play a Redis that hangs. Tests kill it, and no machine: with everysec a
        # busy disk would put writes off, and what was acknowledged would die with the process.
        files.write(f"{self.dir}/redis.conf", f"""\
bind 127.0.0.1
port {port}
unixsocket {self.dir}/socket
unixsocketperm 700
dir {self.dir}
appendonly yes
appendfsync no
save ""
maxclients 4000
enable-debug-command local
{secret}""")
        auth = f":{password}@" if password else ""
        self.env = {"REDIS_PORT": port, "REDIS_SOCKET": f"{self.dir}/socket", "REDIS_PASSWORD": password,
                    "REDIS_URL": f"redis://{auth}127.0.0.1:{port}/0"}

    def command(self):
        return ["redis-server", f"{self.dir}/redis.conf"]

    def ready(self):
        # -LOADING while it reads the append-only file; -NOAUTH means that it is there and wants the password.
        return greets(self.env["REDIS_PORT"], (b"+PONG", b"-NOAUTH"), b"PING\r\n")


class Radicale(Service):
    name = "radicale"

    def prepare(self):
        port = files.free_port()
        files.folder(self.dir, mode=0o700)
        logins = files.users(self.args.users)
        files.write(f"{self.dir}/htpasswd", "".join(f"{u}:{p}\n" for u, p in logins.items() if ":" not in p), 0o600)
        files.write(f"{self.dir}/config", f"""\
[server]
hosts = 127.0.0.1:{port}
max_connections = 200
[auth]
type = htpasswd
htpasswd_filename = {self.dir}/htpasswd
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {self.dir}/collections
[logging]
level = warning
""")
        self.env = {"RADICALE_PORT": port, "RADICALE_URL": f"http://127.0.0.1:{port}/"}

    def command(self):
        return ["radicale", "--config", f"{self.dir}/config"]

    def ready(self):
        return greets(self.env["RADICALE_PORT"], b"HTTP/1.0 ", b"GET /.web/ HTTP/1.0\r\n\r\n")


class MockSmtp(Service):
    name = "mocksmtp"

    def prepare(self):
        files.folder(f"{self.dir}/received")
        files.write(f"{self.dir}/behaviour", "")
        self.env = {"MOCKSMTP_PORT": files.free_port(), "MOCKSMTP_BEHAVIOUR": f"{self.dir}/behaviour",
                    "MOCKSMTP_RECEIVED": f"{self.dir}/received"}

    def command(self):
        program = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "mocksmtp")
        return [program, str(self.env["MOCKSMTP_PORT"]), self.dir, f"{self.bed}/tls/cert.pem", f"{self.bed}/tls/key.pem"]

    def ready(self):
        return greets(self.env["MOCKSMTP_PORT"], b"220 ", b"")
