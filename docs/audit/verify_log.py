#!/usr/bin/env python3
"""Verifies an exported log from its description alone (log-format.md); standard library only.

Usage: verify_log.py FILE [--root HEX]
Exit code 0: the log verifies. 1: it does not; the first thing wrong is printed. 2: not a log.
"""
import gzip
import hashlib
import json
import sys

FORMAT = "portail-famille event log v1"


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


def verify(lines):
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
        add_leaf(subtrees, leaf)
    raise Wrong(f"the log is cut off after position {position}")


def main(arguments):
    expected = None
    if len(arguments) == 3 and arguments[1] == "--root":
        expected = arguments[2]
    elif len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with gzip.open(arguments[0], "rt", encoding="utf-8", newline="\n") as file:
            events, tip, root = verify(file)
        if expected not in (None, root):
            raise Wrong(f"the root is {root}, not the one that was published")
    except Wrong as wrong:
        print(wrong)
        return 1
    except (OSError, EOFError, ValueError, KeyError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"{events} events verified, chain {tip}, root {root}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
