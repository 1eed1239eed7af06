// Checks in the reader's own browser that an entry is in the signed log: RFC 6962 hashing, a C2SP tlog-proof, an Ed25519 signed note.
// No library, nothing loaded from elsewhere. Shows each step, and stops at the first that fails.
"use strict";

const encoder = new TextEncoder();

function bytesOfBase64(text) {
  const raw = atob(text);
  if (btoa(raw) !== text) throw new Error("not canonical base 64");
  return Uint8Array.from(raw, c => c.charCodeAt(0));
}

const base64 = bytes => btoa(String.fromCharCode(...bytes));
const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

function joined(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}

const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const leafHash = leaf => sha256(joined(Uint8Array.of(0), encoder.encode(leaf)));
const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

// c2sp.org/tlog-proof@v1: index, audit path, an empty line, the checkpoint as a signed note.
function parseProof(text) {
  const lines = text.split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Error("not a tlog-proof of version 1");
  if (lines[0].startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9][0-9]*)$/.exec(lines.shift());
  if (!index) throw new Error("the proof names no index");
  const path = [];
  while (lines[0] !== "") path.push(bytesOfBase64(lines.shift()));
  lines.shift();
  if (path.some(hash => hash.length !== 32)) throw new Error("a hash of the proof is not 32 bytes long");
  return { index: BigInt(index[1]), path, note: lines.join("\n") };
}

function parseNote(note) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new Error("the checkpoint is no signed note");
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  if (!/^(0|[1-9][0-9]*)$/.test(size)) throw new Error("the checkpoint names no size");
  const signatures = note.slice(end + 2, -1).split("\n").map(line => {
    const parts = /^— (\S+) (\S+)$/.exec(line);
    if (!parts) throw new Error("a signature line of the checkpoint is malformed");
    return { name: parts[1], bytes: bytesOfBase64(parts[2]) };
  });
  return { text, origin, size: BigInt(size), root: bytesOfBase64(root), signatures };
}

// The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2).
async function rootOf(leaf, index, size, path) {
  if (index >= size) throw new Error("the entry's index is not in the signed tree");
  let fn = index, sn = size - 1n, hash = leaf;
  for (const sibling of path) {
    if (sn === 0n) throw new Error("the proof is longer than the tree is high");
    if (fn & 1n || fn === sn) {
      hash = await nodeHash(sibling, hash);
      while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    fn >>= 1n; sn >>= 1n;
  }
  if (sn !== 0n) throw new Error("the proof ends before the root");
  return hash;
}

// name+key id+base64(1 || public key); the id is the beginning of SHA-256(name || newline || 1 || public key).
async function parseKey(vkey) {
  const parts = vkey.split("+");
  const name = parts.shift(), id = parts.shift(), key = bytesOfBase64(parts.join("+"));
  if (key.length !== 33 || key[0] !== 1) throw new Error("not an Ed25519 verifier key");
  const digest = (await sha256(joined(encoder.encode(name + "\n"), key))).slice(0, 4);
  const hex = [...digest].map(b => b.toString(16).padStart(2, "0")).join("");
  if (hex !== id) throw new Error("the verifier key does not carry its own id");
  return { name, id: digest, key: key.slice(1) };
}

async function isSigned(note, vkey) {
  const own = note.signatures.filter(s => s.name === vkey.name && equal(s.bytes.slice(0, 4), vkey.id));
  if (note.origin !== vkey.name || own.length !== 1) return false;
  const key = await crypto.subtle.importKey("raw", vkey.key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, key, own[0].bytes.slice(4), encoder.encode(note.text));
}

async function check(page) {
  const list = document.getElementById("proof"), verdict = document.getElementById("verdict");
  list.replaceChildren();
  const step = (good, what, hash) => {
    const row = document.createElement("div"), mark = document.createElement("span"), text = document.createElement("div");
    row.className = "step";
    mark.className = good ? "tick" : "cross";
    mark.textContent = good ? "✓" : "✗";
    text.textContent = what;
    if (hash) {
      const line = document.createElement("span");
      line.className = "hash";
      line.textContent = line.title = hash;
      text.append(line);
    }
    if (!good) text.classList.add("why");
    row.append(mark, text);
    list.append(row);
  };
  const end = (good, text) => {
    verdict.className = "badge " + (good ? "good" : "bad");
    verdict.textContent = text;
  };
  try {
    if (!globalThis.crypto || !crypto.subtle) throw new Error("this browser checks hashes on secure pages only (HTTPS, or this machine)");
    const key = await parseKey(page.vkey);
    if (!page.entries.length) throw new Error("nothing is signed of this request yet; in a second there is");
    for (const entry of page.entries) {
      const proof = parseProof(entry.proof), note = parseNote(proof.note);
      const leaf = await leafHash(entry.leaf);
      step(true, `${entry.what} hashes to its leaf`, base64(leaf));
      const root = await rootOf(leaf, proof.index, note.size, proof.path);
      if (!equal(root, note.root)) throw new Error(`${entry.what}: the proof leads to another root than the signed one: ${base64(root)}`);
      step(true, `${proof.path.length} hashes lead from it to the root`, base64(root));
      if (!(await isSigned(note, key))) throw new Error("the checkpoint's signature does not verify under the key shown");
      step(true, `The root is signed by this log at ${note.size.toLocaleString("en")} entries`, page.vkey);
    }
    end(true, "Verified in this browser");
  } catch (error) {
    step(false, error.name === "NotSupportedError" ? "this browser does not know Ed25519: check the signature elsewhere" : error.message);
    end(false, "Not verified");
  }
}

addEventListener("DOMContentLoaded", async () => {
  const list = document.getElementById("proof");
  if (!list) return;
  try {
    const answer = await fetch(list.dataset.source, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the proof could not be loaded: ${answer.status}`);
    await check(await answer.json());
  } catch (error) {
    document.getElementById("verdict").className = "badge bad";
    document.getElementById("verdict").textContent = "Not verified";
    list.textContent = error.message;
  }
});
