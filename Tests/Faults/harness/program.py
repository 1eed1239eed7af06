"""The program under test: its data directory, its process, what it says of itself."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from .load import DENIED_MODEL
from .log import History

STATE = f"""
providers:
  - {{name: house-rules, kind: rules, rules: [{{pattern: "refund", answer: "Refunds take five days. Ask the front desk if yours takes longer."}}], default_answer: "I do not know."}}
routes:
  - {{model: m, system: sys_faults, provider: house-rules, upstream_model: m, capture: full, classification: confidential}}
  - {{model: {DENIED_MODEL}, system: sys_faults, provider: house-rules, upstream_model: m, capture: full, classification: confidential}}
users:
  - {{name: client, kind: service}}
  - {{name: opener, kind: person, roles: [unsealer]}}
grants:
  - {{principal: client, role: application, route: m}}
"""


class Refused(Exception):
    """The server ended while starting; the message is what it wrote."""


class NotReady(Refused):
    """The server runs and says that it is not ready; the message is its answer."""


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Template:
    """A data directory with a route, a principal and a token, from which each test takes a copy."""

    def __init__(self, context):
        self.context = context
        self.directory = context.scratch()
        self.ports = free_ports(2)
        data = os.path.join(self.directory, "data")
        self.run("init", "--data", data, "--origin", "faults.test/log", "--mode", "demonstration", "--admin", "faults",
                 "--data-port", str(self.ports[0]), "--control-port", str(self.ports[1]),
                 "--token-file", os.path.join(self.directory, "administrator"))
        with open(os.path.join(self.directory, "administrator")) as file:
            self.administrator = file.read().strip()
        server = Server(self, data, self.ports)
        server.start()
        try:
            state = os.path.join(self.directory, "state.yaml")
            with open(state, "w") as file:
                file.write(STATE)
            self.run("apply", "-f", state, server=server)
            self.key = self.token("client", server)
            self.opener = self.token("opener", server)
            self.vkey = self.verifier_key(server)
        finally:
            server.stop()
        history = History()
        history.read(server.ledger)
        self.users = history.count("user.created")

    def token(self, principal, server):
        issued = self.run("token", "issue", "--output", "json", "--name", f"{principal}-key", "--principal", principal, server=server)
        return json.loads(issued)["token"]

    def verifier_key(self, server):
        said = self.run("status", "--output", "json", server=server)
        return json.loads(said)["vkey"] if said else ""

    def run(self, *arguments, server=None, fine=(0,)):
        """Runs a command of the program; returns its output."""
        environment = dict(os.environ)
        if server is not None:
            environment.update(COUNTERSIGN_SERVER=f"http://127.0.0.1:{server.ports[1]}", COUNTERSIGN_TOKEN=self.administrator)
        result = subprocess.run([self.context.binary, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, timeout=120)
        if result.returncode not in fine:
            raise RuntimeError(f"{' '.join(arguments[:2])} ended with {result.returncode}: "
                               f"{result.stdout.decode(errors='replace')}{result.stderr.decode(errors='replace')}")
        return result.stdout.decode()

    def copy(self, scratch, name="data"):
        """A copy on ports of its own."""
        data = os.path.join(scratch, name)
        shutil.copytree(os.path.join(self.directory, "data"), data)
        return self.adopt(data, os.path.join(self.directory, "data"), self.ports)

    def adopt(self, data, old_data, old_ports):
        """Gives a directory, copied from the server at `old_data` on `old_ports`, ports of its own."""
        ports = free_ports(2)
        path = os.path.join(data, "countersign.yaml")
        with open(path) as file:
            text = file.read().replace(f"data: {old_data}\n", f"data: {data}\n")
        for old, new in zip(old_ports, ports):
            text = re.sub(rf"(?<=:){old}\b", str(new), text)
        with open(path, "w") as file:
            file.write(text)
        return Server(self, data, ports)

    def verify(self, data):
        """Runs the offline verification; None where it is content, else what it said."""
        result = subprocess.run([self.context.binary, "ledger", "verify", os.path.join(data, "ledger"), "--key", self.vkey],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120)
        return None if result.returncode == 0 else f"status {result.returncode}: {result.stdout.decode(errors='replace').strip()}"


class Server:
    """One server on one data directory. Ended by its own process id, whatever happens."""

    def __init__(self, template, data, ports):
        self.template, self.data, self.ports = template, data, ports
        self.ledger = os.path.join(data, "ledger")
        self.output = os.path.join(os.path.dirname(data), f"{os.path.basename(data)}.log")
        self.process = None

    def launch(self, shim=None):
        if self.running:
            self.kill()
        environment = shim.environment() if shim is not None else dict(os.environ)
        with open(self.output, "ab") as log:
            self.mark = log.tell()
            self.process = subprocess.Popen(
                [self.template.context.binary, "serve", "--data", self.data], env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.template.context.processes.append(self.process)

    def start(self, shim=None, limit=60):
        self.launch(shim)
        return self.ready(limit)

    def ready(self, limit=60):
        """Waits until it serves. Raises Refused if it ended instead, NotReady if it goes on saying that it is not."""
        end = time.monotonic() + limit
        status, text = 0, b""
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Refused(f"status {self.process.returncode}: {self.said()}")
            status, text = self.get("/readyz")
            if status == 200:
                return self
            time.sleep(0.01)
        raise NotReady(f"not ready within {limit} s: {text.decode(errors='replace')}; {self.said()}")

    def said(self):
        """What it wrote since it was last launched."""
        with open(self.output, "rb") as file:
            file.seek(self.mark)
            return file.read().decode(errors="replace").strip()

    def get(self, path, token=None, body=None):
        """Status and body of a GET, or of a POST where there is a body to send; status 0 where nobody answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[1], timeout=10)
        try:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.running:
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(30)

    def stop(self):
        """Asks it to end; returns its status. One that does not end within 30 s is killed."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL
