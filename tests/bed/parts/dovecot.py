"""Dovecot 2.3: IMAP, IMAPS, LMTP and ManageSieve, with its own users and mail folder."""
import base64
import grp
import os
import resource
import shutil

from . import files
from .service import Service, greets

# What 2.3 tells after login when nothing is hidden. Naming a list also stops what it would add by itself.
CAPABILITIES = """IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS
THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1
CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY
PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE METADATA COMPRESS=DEFLATE"""

SPECIAL = "".join(f"  mailbox {n} {{\n    auto = subscribe\n    special_use = \\{n}\n  }}\n"
                  for n in ("Drafts", "Sent", "Trash", "Junk", "Archive"))
# Only where a test makes it.
SPECIAL += "  mailbox Everything {\n    special_use = \\All\n  }\n"


# What others let one see: each user's mailboxes for those that an ACL names, and public ones.
SHARED = """namespace shared {{
  type = shared
  separator = {separator}
  prefix = shared{separator}%%n{separator}
  location = sdbox:%%h/mail
  subscriptions = no
  list = children
}}
namespace public {{
  type = public
  separator = {separator}
  prefix = public{separator}
  location = sdbox:{mail}/public
  subscriptions = no
  list = children
}}
plugin {{
  acl = vfile:{acls}
  acl_shared_dict = file:{mail}/shared-mailboxes
}}
"""


class Dovecot(Service):
    name = "dovecot"
    stop_children = True  # else its master waits a whole second

    def prepare(self):
        self.env = {k: files.free_port() for k in ("IMAP_PORT", "IMAPS_PORT", "LMTP_PORT", "SIEVE_PORT")}
        self.env |= {"LMTP_SOCKET": f"{self.dir}/lmtp", "AUTH_SOCKET": f"{self.dir}/auth",
                     "DOVECOT_CONF": f"{self.dir}/dovecot.conf", "DOVECOT_LOG": f"{self.bed}/log/dovecot.log"}
        mail_user = files.account("mail")
        files.folder(self.dir)
        files.folder(f"{self.dir}/run")
        files.folder(f"{self.dir}/mail", mail_user, 0o700)
        # Everybody may do anything below public/; a mailbox's own ACL can say otherwise.
        sep = self.args.separator
        files.write(f"{self.dir}/acls", f"public anyone lrwstipekxa\npublic{sep}* anyone lrwstipekxa\n")
        files.write(f"{self.bed}/log/dovecot.log", "", 0o666)
        files.write(f"{self.dir}/passwd", "".join(
            f"{address}:{{PLAIN.b64}}{base64.b64encode(password.encode()).decode()}\n"
            for address, password in files.users(self.args.users).items()))
        files.write(self.env["DOVECOT_CONF"], self.configuration(mail_user))

    def hidden(self):
        if self.args.imap_capability:
            return f"imap_capability = {self.args.imap_capability}\n"
        hide = set(self.args.imap_hide.upper().split(",")) - {""}
        words = [w for w in CAPABILITIES.split() if w not in hide]
        return f"imap_capability = {' '.join(words)}\n" if hide else ""

    def configuration(self, mail_user):
        e, d = self.env, self.dir
        # As many clients as the kernel gives us descriptors for; benchmarks hold thousands.
        clients = max(500, min(15000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500))
        # Without root every process is ours and none can enter a chroot.
        root = os.geteuid() == 0
        mail_group = "mail" if root else grp.getgrgid(os.getegid()).gr_name
        plain_user = "" if root else f"""\
default_internal_user = {mail_user}
default_internal_group = {mail_group}
default_login_user = {mail_user}
"""
        chroot = "" if root else "  chroot =\n"
        special = "" if self.args.no_special_use else SPECIAL
        acl, imap_acl, shared = "", "", ""
        if self.args.shared:
            acl, imap_acl = "acl", "acl imap_acl"
            shared = SHARED.format(separator=self.args.separator, mail=f"{d}/mail", acls=f"{d}/acls")
        return f"""\
base_dir = {d}/run
state_dir = {d}/state
protocols = imap lmtp sieve
listen = 127.0.0.1
log_path = {self.bed}/log/dovecot.log
{plain_user}{self.hidden()}
default_client_limit = {clients}
default_process_limit = 100
default_vsz_limit = 1 G
mail_max_userip_connections = 10000
shutdown_clients = yes

# Wrong passwords cost half a second, which is its least: no further delay, no penalty per address.
auth_failure_delay = 0
auth_mechanisms = plain login
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  args = username_format=%u {d}/passwd
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={d}/mail/%n
}}
first_valid_uid = 1
first_valid_gid = 1

ssl = yes
ssl_cert = <{self.bed}/tls/cert.pem
ssl_key = <{self.bed}/tls/key.pem

mail_location = sdbox:~/mail
mail_fsync = never
# With fcntl, its default, sessions that make a new account's folders at the same time can seem a deadlock to the kernel,
# and Dovecot panics.
lock_method = flock
mailbox_list_index = yes
mail_attribute_dict = file:%h/attributes
namespace inbox {{
  inbox = yes
  separator = {self.args.separator}
  prefix = {self.args.imap_prefix}
{special}}}
{shared}mail_plugins = zlib {acl}
protocol imap {{
  mail_plugins = zlib imap_zlib {imap_acl}
  imap_metadata = yes
}}
protocol lmtp {{
  mail_plugins = zlib sieve {acl}
  postmaster_address = postmaster@{files.DOMAIN}
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
}}

service imap-login {{
{chroot}  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {e["IMAP_PORT"]}
  }}
  inet_listener imaps {{
    port = {e["IMAPS_PORT"]}
    ssl = yes
  }}
}}
service imap {{
  process_limit = {clients}
}}
service managesieve-login {{
{chroot}  inet_listener sieve {{
    port = {e["SIEVE_PORT"]}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {e["LMTP_PORT"]}
  }}
  unix_listener {e["LMTP_SOCKET"]} {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {e["AUTH_SOCKET"]} {{
    mode = 0666
  }}
}}
service anvil {{
{chroot}  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""

    def command(self):
        return [shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c", self.env["DOVECOT_CONF"]]

    def ready(self):
        return greets(self.env["IMAP_PORT"], b"* OK") and greets(self.env["LMTP_PORT"], b"220")
