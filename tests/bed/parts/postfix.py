"""A Postfix of our own: submission for the bed's users, mail for example.org into Dovecot, nothing leaves."""
import os
import shutil
import time

from . import files
from .service import Service, greets

DAEMONS = "/usr/lib/postfix/sbin"

# name, type, private, unprivileged, chroot, wakeup, maxproc, command: see master(5). No smtp client at all.
MASTER = """\
127.0.0.1:{SMTP_PORT} inet n - n - - smtpd
127.0.0.1:{SUBMISSION_PORT} inet n - n - - smtpd
  -o smtpd_tls_auth_only=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{SUBMISSIONS_PORT} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Service):
    name = "postfix"

    @staticmethod
    def why_absent():
        """Its master insists on being root, to hand out other users to its daemons."""
        if not os.path.exists(f"{DAEMONS}/master"):
            return "not installed"
        return "" if os.geteuid() == 0 else "needs root"

    def prepare(self):
        ports = {k: files.free_port() for k in ("SMTP_PORT", "SUBMISSION_PORT", "SUBMISSIONS_PORT")}
        self.env = ports | {"SMTP": "present", "POSTFIX_CONF": f"{self.dir}/etc", "POSTFIX_LOG": f"{self.bed}/log/postfix.log"}
        files.folder(self.dir)
        files.folder(f"{self.dir}/data", "postfix", 0o700)
        queue = files.folder(f"{self.dir}/queue")
        for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split():
            files.folder(f"{queue}/{name}", "postfix", 0o700)
        files.folder(f"{queue}/pid")
        for name, mode in (("public", 0o710), ("maildrop", 0o730)):
            shutil.chown(files.folder(f"{queue}/{name}", "postfix", mode), group="postdrop")
        users = files.users(self.args.users)
        files.write(f"{self.dir}/etc/users", "".join(f"{address} mailbox\n" for address in users))
        files.write(f"{self.dir}/etc/master.cf", MASTER.format(**ports))
        files.write(f"{self.dir}/etc/main.cf", self.main_cf())
        past = time.time() - 60  # the master waits until its files look settled; they are
        for name in ("users", "master.cf", "main.cf"):
            os.utime(f"{self.dir}/etc/{name}", (past, past))

    def main_cf(self):
        return f"""\
compatibility_level = 3.6
queue_directory = {self.dir}/queue
data_directory = {self.dir}/data
daemon_directory = {DAEMONS}
maillog_file = {self.bed}/log/postfix.log
maillog_file_prefixes = {self.bed}
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mail.{files.DOMAIN}
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =

# {files.DOMAIN} goes to Dovecot; mail for bounce.example comes back; all other is accepted and thrown away.
virtual_mailbox_domains = {files.DOMAIN}
virtual_mailbox_maps = texthash:{self.dir}/etc/users
virtual_transport = lmtp:unix:{self.bed}/dovecot/lmtp
transport_maps = inline:{{ {{ bounce.example = error:5.1.1 no such user here }} }}
default_transport = discard:
relay_transport = discard:
local_transport = error:5.1.1 no local users
disable_dns_lookups = yes
smtpd_peername_lookup = no

message_size_limit = 52428800
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {self.bed}/dovecot/auth
smtpd_tls_security_level = may
smtpd_tls_cert_file = {self.bed}/tls/cert.pem
smtpd_tls_key_file = {self.bed}/tls/key.pem
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =

# Tests make mistakes on purpose and in numbers: no tarpits, no limits per client.
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
lmtp_connection_cache_on_demand = no
"""

    def command(self):
        return [f"{DAEMONS}/master", "-c", f"{self.dir}/etc"]

    def ready(self):
        return greets(self.env["SUBMISSION_PORT"], b"220 ")
