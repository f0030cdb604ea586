#!/usr/bin/env python3
"""Verifies an exported log from its description alone (log-format.md); standard library only.

Exit code 0: the log verifies. 1: it does not; the first thing wrong is printed. 2: not a log.
"""
import argparse
import base64
import gzip
import hashlib
import json
import sys

FORMAT = "portail-famille event log v1"
CHANGES = ("SigningKey", "log")


class Wrong(Exception):
    pass


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def merkle_root(subtrees):
    root = subtrees[-1][1] if subtrees else sha256(b"")
    for _, left in reversed(subtrees[:-1]):
        root = sha256(b"\x01", left, root)
    return root


def add_leaf(subtrees, leaf):
    size, tree = 1, leaf
    while subtrees and subtrees[-1][0] == size:
        tree = sha256(b"\x01", subtrees.pop()[1], tree)
        size *= 2
    subtrees.append((size, tree))


def verify(lines, sizes, changes):
    """The log's end; fills `sizes` (number of events: root, or None) and `changes` (of the signing key)."""
    lines = iter(lines)
    head = json.loads(next(lines, "null"))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError("not a log of this format")
    tip = sha256(FORMAT.encode())
    if head["genesis"] != tip.hex():
        raise Wrong("the log begins elsewhere")
    position, subtrees, streams = 0, [], {}
    for text in lines:
        line = json.loads(text)
        if "tip" in line:
            if next(lines, None) is not None:
                raise Wrong("something follows the end")
            for name, found in (("events", position), ("tip", tip.hex()), ("root", merkle_root(subtrees).hex())):
                if line[name] != found:
                    raise Wrong(f"the end says {name} {line[name]}, the log has {found}")
            return position, tip.hex(), merkle_root(subtrees).hex()
        position += 1
        if line["position"] != position:
            raise Wrong(f"position {position} is missing: {line['position']} follows")
        leaf = sha256(b"\x00", line["event"].encode())
        if line["leaf"] != leaf.hex():
            raise Wrong(f"event {position} was altered: its leaf does not match")
        tip = sha256(b"\x01", tip, position.to_bytes(8, "big"), leaf)
        if line["chain"] != tip.hex():
            raise Wrong(f"event {position} breaks the chain")
        event = json.loads(line["event"])
        stream = (event["aggregate_type"], event["aggregate_id"])
        if event["sequence"] != streams.get(stream, 0) + 1:
            raise Wrong(f"event {position} does not follow in its stream")
        streams[stream] = event["sequence"]
        if stream == CHANGES:
            changes.append(dict(event["payload"], position=position))
        add_leaf(subtrees, leaf)
        if position in sizes:
            sizes[position] = merkle_root(subtrees)
    raise Wrong(f"the log is cut off after position {position}")


# Ed25519 (RFC 8032, section 6), verification only.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, a):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, a)
        a, scalar = add(a, a), scalar >> 1
    return result


BASE_Y = 4 * pow(5, -1, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def ed25519(public, message, signature):
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint).
def public_key(text):
    name, key_id, data = text.strip().split("+", 2)
    data = base64.b64decode(data, validate=True)
    digest = sha256(name.encode(), b"\n", data)[:4]
    if len(data) != 33 or data[0] != 1 or bytes.fromhex(key_id) != digest:
        raise ValueError(f"{text.strip()} is no public key")
    return name, digest, data[1:]


def is_signed(note, key):
    name, key_id, public = public_key(key)
    text, separator, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, signature = rest.partition(" ")
        if dash == "\u2014" and signer == name and separator:
            signature = base64.b64decode(signature)
            if signature[:4] == key_id:
                return ed25519(public, (text + "\n").encode(), signature[4:])
    return False


def checkpoint(note):
    lines = note.split("\n\n")[0].split("\n")
    named = [line.removeprefix("signing-key ") for line in lines[3:] if line.startswith("signing-key ")]
    return lines[0], int(lines[1]), base64.b64decode(lines[2]), named[0] if named else None


def follow(known, changes):
    """The keys that are believed: (key, first size, last size). See log-format.md, changes of the signing key."""
    chain = [changes[0]["previous"] if changes else None] + [change["key"] for change in changes]
    believed = [key in known for key in chain]
    for number, change in enumerate(changes):
        wrong = f"the change of the signing key at position {change['position']} is not to be believed"
        if change["previous"] != chain[number]:
            raise Wrong(f"{wrong}: it does not follow from the key before")
        signers = [change["key"]] + ([] if change["lost"] else [chain[number]])
        if None in signers or not all(is_signed(change["note"], key) for key in signers):
            raise Wrong(f"{wrong}: its signatures do not hold")
        _, size, _, named = checkpoint(change["note"])
        if named != change["key"] or size >= change["position"]:
            raise Wrong(f"{wrong}: what was signed is another change")
        believed[number + 1] |= believed[number] and not change["lost"]
    for number in reversed(range(len(changes))):
        believed[number] |= believed[number + 1] and chain[number] is not None
    keys = [(key, 0, None) for key in known if key not in chain]
    for number, key in enumerate(chain):
        if believed[number]:
            first = changes[number - 1]["position"] if number else 0
            last = changes[number]["position"] - 1 if number < len(changes) else None
            keys.append((key, first, last))
    return keys


def hold(note, keys, sizes):
    origin, size, root, _ = checkpoint(note)
    signers = [key for key in keys if public_key(key[0])[0] == origin and is_signed(note, key[0])]
    if not signers:
        raise Wrong(f"no known key signed the checkpoint of {size} events")
    if not any(first <= size and (last is None or size <= last) for _, first, last in signers):
        raise Wrong(f"the key of the checkpoint of {size} events was not the log's then")
    if sizes.get(size) is None:
        raise Wrong(f"the log does not reach the checkpoint of {size} events")
    if sizes[size] != root:
        raise Wrong(f"the log's first {size} events are not those of the checkpoint")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--root", metavar="HEX", help="the Merkle root that was published")
    parser.add_argument("--key", metavar="NAME+ID+KEY", action="append", default=[], help="a public key you trust")
    parser.add_argument("--checkpoint", metavar="FILE", action="append", default=[], help="a signed checkpoint you kept")
    options = parser.parse_args(arguments)
    try:
        known = [key.strip() for key in options.key]
        for key in known:
            public_key(key)
        notes = []
        for name in options.checkpoint:
            with open(name, encoding="utf-8", newline="") as file:
                notes.append(file.read())
        if notes and not known:
            raise ValueError("checkpoints are verified with --key")
        sizes, changes = {checkpoint(note)[1]: None for note in notes}, []
        with gzip.open(options.file, "rt", encoding="utf-8", newline="\n") as file:
            events, tip, root = verify(file, sizes, changes)
        if options.root not in (None, root):
            raise Wrong(f"the root is {root}, not the one that was published")
        keys = follow(known, changes)
        for note in notes:
            hold(note, keys, sizes)
    except Wrong as wrong:
        print(wrong)
        return 1
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"{events} events verified, chain {tip}, root {root}")
    for change in changes:
        lost = ", WITHOUT the signature of the key before, which was declared lost" if change["lost"] else ""
        print(f"the signing key changed at position {change['position']} from {change['previous']} to {change['key']}{lost}")
    if notes:
        print(f"{len(notes)} checkpoints fit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
