"""The gateway in front of the bed's servers: TLS with the bed's certificate, state in the bed's Redis."""
from . import files
from .service import Service, greets


class Easgate(Service):
    name = "easgate"
    stop_seconds = 15  # it lets running requests end

    def prepare(self):
        port, plain = files.free_port(), files.free_port()
        files.folder(self.dir)
        self.env = {"EASGATE_PORT": port, "EASGATE_PLAIN_PORT": plain, "EASGATE_CONF": f"{self.dir}/easgate.conf",
                    "EASGATE_URL": f"https://localhost:{port}", "EASGATE_LOG": f"{self.bed}/log/easgate.out",
                    "EASGATE_ACCESS_LOG": f"{self.bed}/log/access.log"}
        settings = self.settings() | dict(s.partition("=")[::2] for s in self.args.set)
        sections = {}
        for name, value in settings.items():
            section, _, key = name.partition(".")
            value = value.format(**self.bed_env, **self.env)  # so that a --set may say {IMAPS_PORT}
            sections.setdefault(section, []).append(f"{key} = {value}\n")
        files.write(self.env["EASGATE_CONF"], "\n".join(f"[{s}]\n{''.join(lines)}" for s, lines in sections.items()))

    def settings(self):
        """section.key -> value; what the caller --sets comes on top."""
        smtp = "SUBMISSION_PORT" if self.bed_env["SMTP"] == "present" else "MOCKSMTP_PORT"
        found = {
            "server.listen": ", ".join(f"{a}:{{EASGATE_PORT}}" for a in ("127.0.0.1", self.args.listen) if a),
            "server.listen_plain": "127.0.0.1:{EASGATE_PLAIN_PORT}",
            "server.certificate": "{CERT_FILE}",
            "server.certificate_key": "{KEY_FILE}",
            "server.workers": "1",
            "server.drain": "5s",
            "server.state_dir": f"{self.dir}/state",
            "server.store": self.bed_env.get("REDIS_URL", "embedded"),
            "auth.default_domain": "{DOMAIN}",
            "imap.server": "127.0.0.1:{IMAP_PORT}",
            "imap.tls": "plain",
            "smtp.server": f"localhost:{{{smtp}}}",
            "smtp.ca_file": "{CA_FILE}",
            "eas.versions": "12.1, 14.0, 14.1, 16.0, 16.1",
            "eas.heartbeat_min": "1s",  # tests are in a hurry
            "log.access": "{EASGATE_ACCESS_LOG}",
        }
        return found if smtp in self.bed_env else {k: v for k, v in found.items() if not k.startswith("smtp.")}

    def command(self):
        return [self.args.easgate, "-c", self.env["EASGATE_CONF"]]

    def ready(self):
        return greets(self.env["EASGATE_PLAIN_PORT"], b"HTTP/1.", b"GET /healthz HTTP/1.0\r\n\r\n")
