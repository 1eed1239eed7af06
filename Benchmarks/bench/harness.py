"""Processes, pinning, CPU and memory accounting, medians: what every part of the benchmark uses."""
import os, pathlib, re, signal, socket, statistics, subprocess, sys, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks" / "peers"
WORK = pathlib.Path(os.environ.get("BENCH_DIR", ROOT / ".bench"))
BIN = WORK / "bin"
PROGRAM = os.environ.get("COUNTERSIGN_BIN", str(ROOT / ".build/release/countersign"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
CORES = os.cpu_count() or 1
# The gateway under test alone on one core; the load and the stub share another.
GATEWAY_CORE, LOAD_CORE = 0, min(1, CORES - 1)
TICKS = os.sysconf("SC_CLK_TCK")


class Unavailable(Exception):
    """A peer is not installed, or a part of the program is not there: its rows say so."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def tree(pid):
    """The process and its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def cpu_seconds(pid):
    total = 0
    for each in tree(pid):
        try:
            fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICKS


def pss_mib(pid):
    total = 0
    for each in tree(pid):
        try:
            found = re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{each}/smaps_rollup").read_text(), re.M)
            total += int(found.group(1)) if found else 0
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
    return total / 1024


def pin(pid, core):
    for each in tree(pid):
        for task in os.listdir(f"/proc/{each}/task"):
            try:
                os.sched_setaffinity(int(task), {core})
            except ProcessLookupError:
                pass


class Processes:
    """Everything that was started, stopped by its own id at the end, whatever happens."""

    def __init__(self):
        self.running = []

    def start(self, name, command, core=None, environment=None, cwd=None):
        if core is not None:
            command = ["taskset", "-c", str(core), *command]
        log = open(WORK / f"{name}.log", "w")
        process = subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=cwd,
            env={**os.environ, **(environment or {})}, start_new_session=True)
        log.close()
        self.running.append((name, process))
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = [(n, p) for n, p in self.running if p is not process]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _, process in reversed(list(self.running)):
            self.stop(process)


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_for(name, process, url, limit=60):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended while starting:\n{(WORK / f'{name}.log').read_text()[-1500:]}")
        try:
            OPENER.open(url, timeout=5)
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{name} did not answer {url} within {limit} s")


def run(command, environment=None, timeout=600, core=None, cwd=None):
    """Runs to the end; its standard output. An error names the command and what it said."""
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, timeout=timeout, cwd=cwd, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout


def measures(line):
    """The name=number pairs of a benchmark's line, units dropped."""
    return {k: float(v) for k, v in re.findall(r"([A-Za-z_0-9/]+)=(-?[0-9.]+)", line)}


def median(samples):
    """Of a list of numbers, or of each key of a list of dictionaries."""
    if not samples:
        raise RuntimeError("no samples")
    if isinstance(samples[0], dict):
        return {k: statistics.median(s[k] for s in samples if k in s) for k in samples[0]}
    return statistics.median(samples)
