"""Each single flipped bit of a log must be found, by the program and by the independent verifier.

usage: flip_bits.py --program BIN --verifier BIN [--samples N] [--exhaustive-bytes N] DIR...

Each DIR holds checkpoint, tile/ and vkey. In a log of at most 1,000 entries a file of at most --exhaustive-bytes bytes (300) is tried at
every bit; of each kind of other files N bits are tried, spread over the files, with the first and the last bit of the first and the last
file among them.
Both must first accept the log as it is. Exit status 0 only if nothing was missed.

Two kinds of flip the verifier is not held to; the program must refuse them too.
- The last character before the padding of a signature's base 64 has bits that Go's decoder throws away: it does not read them.
- Full tiles above level 0. x/mod's TileHashReader (0.7.0, as Debian 12 packages it) begins to compare tiles with their parents at tiles[len(stx)], but
  subtrees of the tree's right edge share tiles: with k subtrees in fewer than k tiles the first tiles after them go unchecked. The
  verifier compares level 0 with the entries itself, and the partial tiles are checked against the root.
"""
import argparse, base64, binascii, os, random, re, subprocess, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("--program", required=True)
parser.add_argument("--verifier", required=True)
parser.add_argument("--samples", type=int, default=40)
parser.add_argument("--exhaustive-bytes", type=int, default=300)
parser.add_argument("directories", nargs="+")
options = parser.parse_args()
random.seed(20261121)


def accepted(command):
    # Status 1 is "found a fault"; a crash or "could not run" is no answer.
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode not in (0, 1):
        return f"status {done.returncode}: {done.stderr.decode(errors='replace').strip()[-200:]}"
    return done.returncode == 0


def kind_of(path):
    """checkpoint, level 0 tile, level 0 partial tile, entries, entries partial …"""
    if not path.startswith("tile/"):
        return path
    level = path.split("/")[1]
    return f"{'entry bundle' if level == 'entries' else 'level ' + level + ' tile'}{', partial' if '.p/' in path else ''}"


def flips(size, samples, edge, exhaustive):
    if exhaustive and size <= options.exhaustive_bytes:
        return range(size * 8)
    chosen = {random.randrange(size * 8) for _ in range(samples)}
    return sorted(chosen | ({0, size * 8 - 1} if edge else set()))


def signatures(note):
    """The signature lines of a note as a decoder that is not strict reads them; None if it cannot."""
    try:
        return [(name, base64.b64decode(value, validate=True)) for _, name, value in
                (line.split(" ") for line in note.decode().split("\n\n")[-1].split("\n") if line)]
    except (ValueError, binascii.Error):
        return None


def is_read_by_go(path, original, changed):
    if path != "checkpoint" or original.split(b"\n\n")[0] != changed.split(b"\n\n")[0]:
        return True
    return signatures(changed) is None or signatures(changed) != signatures(original)


missed = tried = unread = unchecked = 0
for directory in options.directories:
    key = open(os.path.join(directory, "vkey")).read().strip()
    ours = [options.program, "ledger", "verify", directory, "--key", key]
    theirs = [options.verifier, directory, key]
    for command in (ours, theirs):
        if accepted(command) is not True:
            sys.exit(f"{command[0]} does not accept the untouched log {directory}")

    size = int(open(os.path.join(directory, "checkpoint")).read().split("\n")[1])
    kinds = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), directory)
            if path == "checkpoint" or path.startswith("tile/"):
                kinds.setdefault(kind_of(path), []).append(path)
    for kind, paths in sorted(kinds.items()):
        paths.sort()
        started, count, faults = time.monotonic(), 0, 0
        spread = sorted({paths[0], paths[-1]} | set(random.sample(paths, min(len(paths), options.samples))))
        for path in spread:
            name = os.path.join(directory, path)
            original = open(name, "rb").read()
            try:
                for bit in flips(len(original), max(1, options.samples // len(spread)), path in (paths[0], paths[-1]), size <= 1000):
                    changed = bytearray(original)
                    changed[bit // 8] ^= 1 << bit % 8
                    with open(name, "r+b") as file:
                        file.write(changed)
                    count += 1
                    asked = [ours, theirs]
                    if not is_read_by_go(path, original, bytes(changed)):
                        asked, unread = [ours], unread + 1
                    for command in asked:
                        answer = accepted(command)
                        if answer is True and command is theirs and re.match(r"tile/[1-9][0-9]*/(?!.*\.p/)", path):
                            unchecked += 1
                        elif answer is not False:
                            faults += 1
                            what = "accepts" if answer is True else f"answers {answer} to"
                            print(f"MISS {os.path.basename(command[0])} {what} {path} with bit {bit} flipped, {size} entries")
            finally:
                with open(name, "r+b") as file:
                    file.write(original)
        missed += faults
        tried += count
        print(f"{'ok  ' if faults == 0 else 'FAIL'} {size} entries, {kind}: {count} flips in {len(spread)} of {len(paths)} files, "
              f"{faults} missed, {time.monotonic() - started:.1f} s", flush=True)
print(f"{tried} flipped bits, {missed} missed; not counted: {unread} in bits of a signature's base 64 that the verifier does not read, "
      f"{unchecked} in full tiles above level 0 that its library does not check")
sys.exit(1 if missed else 0)
