"""What must hold of a log after a fault."""

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
