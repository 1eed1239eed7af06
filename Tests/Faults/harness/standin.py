#!/usr/bin/env python3
"""A stand-in for the program, as small as it can be, with defects on request: by it the scenarios themselves are tested.

STANDIN_DEFECT: `early` (answers before the record is durable), `forget` (recovery leaves intents open), `crash` (dies by a signal
on an I/O error). Records are one JSON line each.
"""

import base64
import fcntl
import hashlib
import http.server
import json
import os
import signal
import struct
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.log import History, bundle, parse_checkpoint  # noqa: E402

DEFECT = os.environ.get("STANDIN_DEFECT", "")


def durable(path, data, sync=True):
    temporary = path + ".tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]
    if sync:
        os.fsync(descriptor)
    os.close(descriptor)
    os.rename(temporary, path)
    if sync:
        sync_directory(os.path.dirname(path))


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def make(path):
    if not os.path.isdir(path):
        make(os.path.dirname(path))
        os.mkdir(path)
    sync_directory(os.path.dirname(path))


class Log:
    def __init__(self, data):
        self.directory = os.path.join(data, "ledger")
        self.path = os.path.join(self.directory, "wal", "1.wal")
        self.lock = threading.Lock()
        self.failed = None
        held = os.open(os.path.join(self.directory, "lock"), os.O_RDWR | os.O_CREAT)
        fcntl.flock(held, fcntl.LOCK_EX)
        self.leaves = []
        with open(self.path, "rb") as file:
            whole = file.read()
        # What follows the last line end was being written.
        for line in whole.split(b"\n")[:-1]:
            try:
                json.loads(line)
            except ValueError:
                break
            self.leaves.append(line)
        good = sum(len(leaf) + 1 for leaf in self.leaves)
        self.file = os.open(self.path, os.O_RDWR)
        if good < len(whole):
            os.ftruncate(self.file, good)
        os.fsync(self.file)
        os.lseek(self.file, 0, os.SEEK_END)
        self.numbers = {}
        events = [json.loads(leaf) for leaf in self.leaves]
        self.incarnation = 1 + max([event["source"]["incarnation"] for event in events], default=0)
        answered = {event["data"].get("request_id") for event in events}
        for event in events:
            if event["type"] == "inference.requested" and event["id"] not in answered and DEFECT != "forget":
                self.append("inference.aborted", data={"request_id": event["id"]})
        self.integrate()
        threading.Thread(target=self.run, daemon=True).start()

    def append(self, kind, name=None, data=None, resource=None):
        with self.lock:
            if self.failed:
                raise OSError(self.failed)
            number = self.numbers.get("gateway", -1) + 1
            event = {"id": name or f"evt_{uuid.uuid4().hex}", "type": kind, "data": data or {}, "recorded_at": f"{time.time_ns():020d}",
                     "source": {"node": "n", "incarnation": self.incarnation, "stream": "gateway", "seq": number}}
            if resource:
                event["resource"] = {"id": resource}
            leaf = json.dumps(event).encode()
            try:
                view = memoryview(leaf + b"\n")
                while view:
                    view = view[os.write(self.file, view):]
                if DEFECT != "early":
                    os.fdatasync(self.file)
            except OSError as error:
                self.failed = f"{self.path}: {error}"
                raise
            self.numbers["gateway"] = number
            self.leaves.append(leaf)
            return event["id"]

    def run(self):
        while not self.failed:
            time.sleep(0.1)
            if DEFECT == "early":
                os.fdatasync(self.file)
            self.integrate()
        print(f"stopped: {self.failed}", file=sys.stderr, flush=True)
        if DEFECT == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        os._exit(1)

    def integrate(self):
        with self.lock:
            leaves = list(self.leaves)
        tree = History()
        for leaf in leaves:
            tree._append(leaf)
        try:
            for number in range((len(leaves) + 255) // 256):
                part = leaves[number * 256:number * 256 + 256]
                path = os.path.join(self.directory, "tile", "entries", f"{number:03d}" + ("" if len(part) == 256 else f".p/{len(part)}"))
                if not os.path.exists(path):
                    make(os.path.dirname(path))
                    durable(path, b"".join(struct.pack(">H", len(leaf)) + leaf for leaf in part))
            note = f"standin\n{len(leaves)}\n{base64.b64encode(tree.root(len(leaves))).decode()}\n\n- s x\n".encode()
            for name in ("head", "checkpoint"):
                durable(os.path.join(self.directory, name), note)
        except OSError as error:
            self.failed = f"{self.directory}: {error}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/readyz":
            self.answer(200, b"")
        elif self.path.startswith("/api/v1/receipts/"):
            # Keeps no receipts and no sealed contents: says what is expected.
            self.answer(200, b'{"answers": ["x"], "entry": {"has_payload": true}, "type": "inference.completed"}')
        else:
            with open(os.path.join(self.server.log.directory, "checkpoint"), "rb") as file:
                self.answer(200, file.read())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/unseal"):
            return self.answer(200, b"a refund, please. Refunds")
        try:
            if self.path == "/apply":
                self.server.log.append("user.created", resource="newcomer")
                return self.answer(200, b"")
            intent = self.server.log.append("inference.requested", name=f"inf_{uuid.uuid4().hex}")
            denied = body["model"] != "m"
            self.server.log.append("inference.denied" if denied else "inference.completed", data={"request_id": intent})
        except OSError as error:
            return self.answer(503, json.dumps({"error": str(error)}).encode())
        if denied:
            self.answer(403, b"{}", Countersign_Receipt=intent)
        elif body["stream"]:
            self.answer(200, b"data: {}\n\ndata: [DONE]\n\n", Countersign_Receipt=intent)
        else:
            self.answer(200, json.dumps({"choices": [{"message": {"content": "x"}}]}).encode(), Countersign_Receipt=intent)


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def serve(data):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with open(os.path.join(data, "countersign.yaml")) as file:
        ports = [int(line.split(":")[-1]) for line in file if ":" in line]
    log = Log(data)
    servers = []
    for port in ports:
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads, server.log = True, log
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.sigwait({signal.SIGTERM})
    log.integrate()


def main():
    command = sys.argv[1:3]
    if command[0] == "init":
        data = option("--data")
        make(os.path.join(data, "ledger", "wal"))
        for name, text in (("countersign.yaml", f"a: 127.0.0.1:{option('--data-port')}\nb: 127.0.0.1:{option('--control-port')}\n"),
                           ("ledger/wal/1.wal", "")):
            durable(os.path.join(data, name), text.encode())
        with open(option("--token-file"), "w") as file:
            file.write("administrator")
    elif command[0] == "serve":
        try:
            serve(option("--data"))
        except OSError as error:
            print(f"cannot serve {option('--data')}: {error}", file=sys.stderr)
            sys.exit(2)
    elif command == ["token", "issue"]:
        print('{"token": "key"}')
    elif command == ["ledger", "verify"]:
        tree, found = History(), sys.argv[3]
        with open(os.path.join(found, "checkpoint"), "rb") as file:
            size, root = parse_checkpoint(file.read())
        for number in range((size + 255) // 256):
            data = bundle(found, number, min(256, size - number * 256))
            while data:
                length, = struct.unpack_from(">H", data)
                tree._append(data[2:2 + length])
                data = data[2 + length:]
        sys.exit(0 if hashlib.sha256(root).digest() == hashlib.sha256(tree.root(size)).digest() else 1)
    elif command[0] == "apply":
        import http.client
        import urllib.parse
        if "change" in option("-f"):
            connection = http.client.HTTPConnection(urllib.parse.urlparse(os.environ["COUNTERSIGN_SERVER"]).netloc, timeout=10)
            connection.request("POST", "/apply", "{}")
            sys.exit(0 if connection.getresponse().status == 200 else 2)


if __name__ == "__main__":
    main()
