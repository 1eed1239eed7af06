"""Clients of the data plane that remember what they were promised."""

import http.client
import json
import threading

DENIED_MODEL = "nobody-may"


class Acknowledged:
    """What clients were promised, in the order in which they learned it. `tell` hears of each at once."""

    def __init__(self, tell=None):
        self.lock = threading.Lock()
        self.items = []
        self.refused = 0    # 5xx answers: failing closed
        self.answers = 0
        self.odd = []       # answers that should not occur
        self.tell = tell

    def add(self, kind, name):
        with self.lock:
            self.items.append((kind, name))
            if self.tell is not None:
                self.tell({"kind": kind, "id": name})

    def note(self, status, text):
        with self.lock:
            self.answers += 1
            if status >= 500:
                self.refused += 1
            elif status not in (200, 403, 404, 429):
                self.odd.append(f"status {status}: {text[:300]}")

    def since(self, start):
        with self.lock:
            return self.items[start:]

    def __len__(self):
        with self.lock:
            return len(self.items)


class Client:
    """One connection, one request after another."""

    def __init__(self, port, key, acknowledged, name):
        self.port, self.key, self.acknowledged, self.name = port, key, acknowledged, name
        self.connection = None
        self.turn = 0

    def ask(self, streamed=False, model="m"):
        """Returns the status; 0 where the connection broke."""
        self.turn += 1
        body = json.dumps({"model": model, "stream": streamed,
                           "messages": [{"role": "user", "content": f"a refund, please: {self.name} {self.turn} " + "w" * (self.turn * 97 % 2000)}]})
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.connection.request("POST", "/v1/chat/completions", body, {
                "Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
            answer = self.connection.getresponse()
            receipt = answer.getheader("Countersign-Receipt")
            if receipt and answer.status in (200, 403):
                # Whatever comes of it: a client that knows the receipt must find the intent.
                self.acknowledged.add("seen", receipt)
            text = answer.read()
            self.acknowledged.note(answer.status, text.decode(errors="replace"))
            if answer.status == 200:
                self._completed(receipt, streamed, text)
            elif answer.status == 403 and receipt:
                self.acknowledged.add("denied", receipt)
            if answer.getheader("Connection", "").lower() == "close":
                self.close()
            return answer.status
        except (OSError, http.client.HTTPException):
            self.close()
            return 0

    def _completed(self, receipt, streamed, text):
        if not receipt:
            self.acknowledged.odd.append("an answer without a receipt")
        elif streamed:
            # The end of a stream is held until its outcome is durable.
            if b"data: [DONE]" in text:
                self.acknowledged.add("completed", receipt)
        else:
            try:
                whole = json.loads(text)["choices"][0]["message"]["content"]
            except (ValueError, KeyError, IndexError):
                self.acknowledged.odd.append(f"an answer of another shape: {text[:200]!r}")
                return
            if whole:
                self.acknowledged.add("completed", receipt)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Load:
    """Several clients at once, until stopped or the server is gone."""

    def __init__(self, port, key, acknowledged, clients=6):
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(port, key, acknowledged, number), daemon=True) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, port, key, acknowledged, number):
        client = Client(port, key, acknowledged, f"client {number}")
        turn = number
        while not self.stopping.is_set():
            turn += 1
            status = client.ask(streamed=turn % 3 == 0, model=DENIED_MODEL if turn % 11 == 0 else "m")
            if status == 0 or status >= 500:
                self.stopping.wait(0.02)
        client.close()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
