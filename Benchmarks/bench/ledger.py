"""Durable appends, beside a raw group commit and PostgreSQL's hash chain; whole-log verification, beside OpenSSL's SHA-256; the
evidence database of a million entries."""
import glob, os, re, resource, shutil, subprocess, time
from . import harness, table
from .harness import BIN, GATEWAY_CORE, PEERS, ROUNDS, SECONDS, WORK

BENCH = os.environ.get("LEDGER_BENCH_BIN", str(harness.ROOT / ".build/release/ledger-bench"))
WRITERS = (16, 64, 128)
ENTRIES = int(os.environ.get("BENCH_EVIDENCE_ENTRIES", "1000000"))


def append(writers):
    directory = WORK / "ledger-append"
    shutil.rmtree(directory, ignore_errors=True)
    try:
        return harness.measures(harness.run([BENCH, "append", directory, "--writers", writers, "--seconds", SECONDS]))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def raw(writers, record_bytes):
    return harness.measures(harness.run([BIN / "group_commit", WORK / "group_commit.data", writers, int(record_bytes), SECONDS]))


def raw_sync(batch, record_bytes):
    return harness.measures(harness.run([BIN / "fsync_bench", WORK / "fsync.data", max(1, round(batch)), int(record_bytes), 2000]))


def compare_append():
    """Ours: record prepared (encoded, contents sealed, committed to), framed, written and synced by the group commit, while the
    integrator keeps up with tree, tiles and search index. Peer: memcpy, write, fdatasync, for a record of the same size on disk."""
    rounds = {w: [] for w in WRITERS}
    for number in range(ROUNDS):
        for writers, samples in rounds.items():
            ours = append(writers)
            peer = raw(writers, ours["bytes_per_record"])
            sync = raw_sync(ours["mean_batch"], ours["bytes_per_record"])
            samples.append({"ours": ours["records/s"], "raw": peer["records/s"], "batch": ours["mean_batch"], "raw_batch": peer["mean_batch"],
                            "p50": ours["p50_us"], "p99": ours["p99_us"], "raw_p50": peer["wait_p50"], "raw_p99": peer["p99"], "sync_p99": sync["p99"],
                            "window": ours.get("window_us", 0), "cpu": ours["cpu_us"], "bytes": ours["bytes_per_record"]})
            harness.say(f"append round {number + 1}/{ROUNDS} {writers} writers: " + " ".join(f"{k}={v:.0f}" for k, v in samples[-1].items()))
    for writers, samples in rounds.items():
        m = harness.median(samples)
        table.row(f"durable append, {writers} writers, {m['bytes']:.0f} B / raw group commit", m["ours"], m["raw"], "records/s", at_least=0.5)
        table.row("  mean batch", m["batch"], m["raw_batch"], "records")
        limit = m["window"] + 3 * m["sync_p99"]
        table.row("  wait p99", m["p99"], m["raw_p99"], "µs", goal=f"≤ {limit:,.0f} µs (window + 3× raw fdatasync p99)", at_most=limit, ratio=False)
        table.row("  CPU a record", m["cpu"], None, "µs", ratio=False)
    return harness.median(rounds[64])["ours"]


def chained(seconds):
    out = harness.run([PEERS / "pg_chain.sh", seconds, 64], timeout=120)
    found = {line.split()[0]: float(line.split()[2]) for line in out.splitlines() if len(line.split()) == 3}
    return found["chain"]


def compare_chain():
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        raise harness.Unavailable("PostgreSQL is not installed (apt: postgresql postgresql-contrib)")
    samples = []
    for number in range(min(ROUNDS, 5)):
        samples.append({"ours": append(64)["records/s"], "chain": chained(max(2, int(SECONDS)))})
        harness.say(f"chain round {number + 1}/{ROUNDS}: " + " ".join(f"{k}={v:.0f}" for k, v in samples[-1].items()))
    m = harness.median(samples)
    table.row("durable append, 64 writers / PostgreSQL hash-chain trigger", m["ours"], m["chain"], "records/s", at_least=10)


def openssl_rate():
    done = subprocess.run(["taskset", "-c", str(GATEWAY_CORE), "openssl", "speed", "-seconds", "1", "-bytes", "16384", "sha256"],
                          capture_output=True, text=True, timeout=60)
    found = re.search(r"^sha256\s.*?([0-9.]+)k\s*$", done.stdout, re.M)
    if not found:
        raise harness.Unavailable("openssl speed printed no rate")
    return float(found.group(1)) / 1000  # MB/s


def inference_log():
    """A log of so many intents and outcomes as the gateway records them, made once."""
    directory = WORK / f"evidence-{ENTRIES}"
    if not (directory / "vkey").exists():
        shutil.rmtree(directory, ignore_errors=True)
        harness.run([BENCH, "inference-log", directory, "--entries", ENTRIES], timeout=1800)
    return directory


def compare_verification():
    directory = inference_log()
    key = (directory / "vkey").read_text().strip()
    size = sum(f.stat().st_size for f in (directory / "ledger/tile").rglob("*") if f.is_file()) / 1e6
    samples = []
    for number in range(ROUNDS):
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        harness.run([harness.PROGRAM, "ledger", "verify", directory / "ledger", "--key", key], core=GATEWAY_CORE)
        wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        samples.append({"ours": size / wall, "openssl": openssl_rate(), "cpu": (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)})
        harness.say(f"verification round {number + 1}/{ROUNDS}: " + " ".join(f"{k}={v:.2f}" for k, v in samples[-1].items()))
    m = harness.median(samples)
    table.row(f"whole-log verification, {ENTRIES:,} entries, {size:.0f} MB / OpenSSL SHA-256", m["ours"], m["openssl"], "MB/s", at_least=0.5)


def evidence():
    """Time and greatest resident memory of making the evidence database from the leaves alone, and of the control tests over it."""
    directory = inference_log()
    found = harness.measures(harness.run([BENCH, "evidence", directory], timeout=3600))
    table.row(f"evidence of {ENTRIES:,} entries: materialise", found["materialise_s"], None, "s", ratio=False)
    table.row("  control tests over it", found["tests_s"], None, "s", ratio=False)
    table.row("  peak memory (RSS)", found["peak_rss_mib"], None, "MiB", ratio=False)
    harness.say("evidence: " + " ".join(f"{k}={v:.1f}" for k, v in found.items()))
