"""What must hold of a log after a fault."""

import json
import time

from .log import LogFault


def settle(server, history, acknowledged, limit=20):
    """Waits until a recovered server's log holds everything acknowledged and no open intent; returns what is still wrong then.

    To be called before new load: every intent in the log is then of an earlier run, and recovery has closed it.
    """
    end = time.monotonic() + limit
    while True:
        try:
            history.read(server.ledger)
        except LogFault as fault:
            return [str(fault)]
        except (OSError, ValueError) as error:
            return [f"the log cannot be read: {type(error).__name__} {error}"]
        wrong = history.missing(acknowledged)
        if history.intents:
            wrong.append(f"{len(history.intents)} intents without an outcome, among them {next(iter(history.intents))}")
        unreached = [size for size in history.roots if size > history.size]
        if unreached:
            wrong.append(f"a checkpoint of size {max(unreached)} was seen, the log ends at {history.size}")
        if not wrong or time.monotonic() > end:
            return wrong
        if not server.running:
            return wrong + [f"the server ended with status {server.process.returncode}: {server.said()[-500:]}"]
        time.sleep(0.03)


def receipts(server, template, acknowledged, random_, count=4):
    """Asks for the receipts of some completed requests and opens what was sealed with them.

    The contents became durable with the record; the index that finds them is disposable, and must have survived or been rebuilt.
    """
    completed = [name for kind, name in acknowledged if kind == "completed"]
    faults = []
    for name in random_.sample(completed, min(count, len(completed))):
        status, text = server.get(f"/api/v1/receipts/{name}", template.administrator)
        if status != 200:
            faults.append(f"the receipt of {name} is answered with {status}: {text[:300]!r}")
            continue
        if b"inference.completed" not in text:
            faults.append(f"the receipt of {name} lacks its outcome: {text[:600]!r}")
            continue
        for event, words in ((name, b"a refund, please"), (json.loads(text)["answers"][0], b"Refunds")):
            status, contents = server.get(f"/api/v1/receipts/{event}/unseal", template.opener, '{"purpose": "audit"}')
            if status != 200 or words not in contents:
                faults.append(f"the sealed contents of {event} of {name} cannot be opened: status {status}, {contents[:300]!r}")
    return faults
