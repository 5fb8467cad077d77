"""What every server of the bed is: a command line that stays in the foreground, and a sign that it is ready."""
import socket


class Service:
    name = ""
    user = None         # runs as this user, None: as ourselves
    stop_seconds = 5    # between SIGTERM and SIGKILL
    stop_children = False  # SIGTERM to the whole group: for a master that is slow to pass it on

    def __init__(self, bed, args):
        self.bed = bed                       # the bed's folder
        self.dir = f"{bed}/{self.name}"      # the service's own
        self.args = args
        self.env = {}                        # what it adds to DIR/env; complete after prepare()

    def prepare(self):
        """Chooses ports, writes the configuration; called once for each attempt to start."""

    def command(self):
        raise NotImplementedError

    def ready(self):
        """True once it serves; asked again and again. OSError counts as no."""
        raise NotImplementedError


def greets(port, expected, say=b"", host="127.0.0.1"):
    """Whether the server at that port answers (after `say`) with bytes that start as expected."""
    with socket.create_connection((host, port), timeout=2) as s:
        if say:
            s.sendall(say)
        return s.recv(512).startswith(expected)
