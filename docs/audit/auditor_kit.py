#!/usr/bin/env python3
"""The auditor's kit: verifies what the portal handed out, from files alone.

It is written from log-format.md and needs Python's standard library only.

  log          an exported log: by itself, and against kept checkpoints, roots and keys
  checkpoints  kept checkpoints: who signed them, and whether two of them contradict one another
  inclusion    the proof that an event is in the log (portail audit prove, logInclusion)
  consistency  the proof that the log goes on from an older checkpoint or root (portail audit consistency)
  requests     what was recorded of a family's request (requestProofs)
  erasure      the evidence that data were erased (erasureCertificate)
  reads        the trail of reads, between two checkpoints (reads)

Exit code 0: verified. 1: wrong; it says where and how. 2: it could not be examined.
"""
import argparse
import base64
import binascii
import collections
import datetime
import gzip
import hashlib
import io
import json
import os
import re
import struct
import sys
import tempfile
import time
import zlib

FORMAT = "portail-famille event log v1"
KEY_CHANGES = ("SigningKey", "log")
KEY_CHANGED = ("SigningKey", "SigningKeyChanged", "1.0")
EVENT_MEMBERS = (
    "actor", "aggregate_id", "aggregate_type", "causation_id", "command_id", "correlation_id", "event_id",
    "event_type", "event_version", "metadata", "payload", "recorded_at", "sequence",
)
ACTOR = re.compile(r"(parent|staff|auditor|timer|operator):(?! )[^\x00-\x1f\x7f-\x9f]{1,64}(?<! )")
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")
HASH = re.compile("[0-9a-f]{64}")
LONGEST_LINE = 64 << 20
LARGEST_EXACT = 2**53 - 1


class Unreadable(Exception):
    """What was given cannot be examined: exit code 2."""


class Wrong(Exception):
    """Something that was examined is not what it must be."""

    def __init__(self, kind, message, position=None):
        super().__init__(message)
        self.kind, self.position = kind, position


class Report:
    """What was found: findings by kind, and facts."""

    def __init__(self, limit=20):
        self.limit, self.findings, self.counts, self.facts, self.lines = limit, [], collections.Counter(), {}, []

    def found(self, kind, message, position=None, severity="error"):
        self.counts[kind, severity] += 1
        if self.counts[kind, severity] <= self.limit:
            self.findings.append({"kind": kind, "severity": severity, "position": position, "message": message})

    def warn(self, kind, message, position=None):
        self.found(kind, message, position, "warning")

    def add(self, wrong):
        self.found(wrong.kind, str(wrong), wrong.position)

    def say(self, line):
        self.lines.append(line)

    def is_wrong(self):
        return any(severity == "error" for _, severity in self.counts)

    def sorted_findings(self):
        last = float("inf")
        return sorted(self.findings, key=lambda f: last if f["position"] is None else f["position"])


# JSON: read strictly, written canonically (RFC 8785).
def pairs_once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        names = collections.Counter(name for name, _ in pairs)
        raise Wrong("members", f"the member {names.most_common(1)[0][0]!r} is repeated")
    return members


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


STRICT = json.JSONDecoder(object_pairs_hook=pairs_once, parse_constant=no_constant).decode
SORTED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


def canonical_number(number):
    """As ECMAScript writes it: Python finds the same shortest digits, and sets them out otherwise."""
    if isinstance(number, int) and abs(number) <= LARGEST_EXACT:
        return str(number)
    try:
        number = float(number)
    except OverflowError:
        number = float("inf")
    if number in (float("inf"), float("-inf")):
        raise Wrong("canonical", "a number is too large")
    sign, ahead, behind, exponent = re.fullmatch(r"(-?)([0-9]+)\.?([0-9]*)(?:e([-+][0-9]+))?", repr(number)).groups()
    digits = (ahead + behind).lstrip("0")
    point = len(ahead) + int(exponent or 0) - (len(ahead + behind) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        return "0"
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if digits[1:] else ""
    return f"{sign}{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{SORTED(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return canonical_number(value) if is_number else SORTED(value)


class EventReader:
    """Reads an event's text, quickly where it is plain: whatever Python's own serialiser, which sorts names by
    code points and knows no number of RFC 8785, may write otherwise is looked at again."""

    def __init__(self):
        self.plain = True
        self.decode = json.JSONDecoder(
            parse_int=self.integer, parse_float=self.fraction, parse_constant=no_constant).decode

    def integer(self, text):
        self.plain = self.plain and len(text) < 16
        return int(text)

    def fraction(self, text):
        self.plain = False
        return float(text)

    def read(self, text):
        try:
            self.plain = True
            event = self.decode(text)
            if self.plain and (text.isascii() or max(text) < "\ud800") and SORTED(event) == text:
                return event
            event = STRICT(text)
            if canonical(event) != text:
                raise Wrong("canonical", "its text is not canonical JSON")
            text.encode()
        except (ValueError, RecursionError) as error:
            raise Wrong("canonical", f"its text is not JSON: {error}") from None
        return event

    def event(self, text):
        event = self.read(text)
        if not isinstance(event, dict):
            raise Wrong("members", "its text is not an object")
        if tuple(event) != EVENT_MEMBERS:
            missing, unknown = set(EVENT_MEMBERS) - set(event), set(event) - set(EVENT_MEMBERS)
            raise Wrong("members", f"members missing: {sorted(missing)}, unknown: {sorted(unknown)}")
        texts = ("actor", "aggregate_id", "aggregate_type", "event_type", "event_version", "recorded_at")
        for name in texts:
            if not isinstance(event[name], str) or not event[name]:
                raise Wrong("members", f"{name} is not a text")
        for name in ("command_id", "correlation_id", "event_id", "causation_id"):
            value = event[name]
            if not (isinstance(value, str) and UUID.fullmatch(value)) and (value, name) != (None, "causation_id"):
                raise Wrong("members", f"{name} is not a UUID in lower case")
        for name in ("payload", "metadata"):
            if not isinstance(event[name], dict):
                raise Wrong("members", f"{name} is not an object")
        if type(event["sequence"]) is not int or event["sequence"] < 1:
            raise Wrong("members", "sequence is not a number from 1")
        if not INSTANT.fullmatch(event["recorded_at"]):
            raise Wrong("members", "recorded_at is not a time in UTC to the microsecond")
        return event


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            answer = STRICT(file.read())
    except Wrong as wrong:
        raise Wrong(wrong.kind, f"{path}: {wrong}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    if isinstance(answer, dict) and answer.get("errors"):
        raise Unreadable(f"{path} holds errors of the server, not an answer: {answer['errors']}")
    return answer


def answer_of(path, field):
    """The answer of a GraphQL field, with or without what the server wraps it in."""
    answer = read_json(path)
    for name in ("data", field):
        answer = answer[name] if isinstance(answer, dict) and name in answer else answer
    if answer is None:
        raise Unreadable(f"{path} holds no {field}")
    return answer


def whole(value, name):
    """A number, as text over GraphQL."""
    if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,18}", value):
        return int(value)
    if type(value) is int and value >= 0:
        return value
    raise Unreadable(f"{name} is not a number")


def hash_of(value, name):
    if not isinstance(value, str) or not HASH.fullmatch(value):
        raise Unreadable(f"{name} is not a hash: 64 lower-case hexadecimal digits")
    return bytes.fromhex(value)


def instant(value):
    """A time as the log writes it; GraphQL leaves zeros out and writes +00:00."""
    found = re.fullmatch(r"(.{19})(?:\.([0-9]{1,9}))?(?:Z|\+00:00)", value if isinstance(value, str) else "")
    if not found:
        raise Unreadable(f"{value} is not a time in UTC")
    return f"{found[1]}.{(found[2] or '').ljust(6, '0')[:6]}Z"


# Hashes: the chain, and the Merkle tree of RFC 6962.
def sha256(data):
    return hashlib.sha256(data).digest()


def root_of_subtrees(subtrees):
    if not subtrees:
        return sha256(b"")
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = sha256(b"\x01" + left + root)
    return root


class Tree:
    """A growing Merkle tree: the roots of its complete subtrees, the largest first."""

    def __init__(self):
        self.size, self.subtrees = 0, []

    def push(self, node):
        complete = self.size
        while complete & 1:
            node = sha256(b"\x01" + self.subtrees.pop() + node)
            complete >>= 1
        self.subtrees.append(node)
        self.size += 1

    def root(self):
        return root_of_subtrees(self.subtrees)


def root_of_inclusion(leaf, index, size, path):
    """The root an inclusion proof leads to (RFC 9162, 2.1.3.2); none where it has the wrong length."""
    number, last, root = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            root = sha256(b"\x01" + beside + root)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            root = sha256(b"\x01" + root + beside)
        number, last = number >> 1, last >> 1
    return root if last == 0 and index < size else None


def goes_on(old_size, old_root, size, root, path):
    """Whether a consistency proof holds (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == root
    path = list(path)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    number, last = old_size - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = sha256(b"\x01" + beside + before), sha256(b"\x01" + beside + after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = sha256(b"\x01" + after + beside)
        number, last = number >> 1, last >> 1
    return last == 0 and (before, after) == (old_root, root)


# Ed25519 (RFC 8032, section 6), verification only.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQUARE_ROOT = pow(2, (P - 1) // 4, P)


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQUARE_ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


class Multiples:
    """A point's multiples by every digit at every place of a scalar: whoever checks many signatures by one key
    computes them once."""

    def __init__(self, base):
        self.rows = []
        for _ in range(64):
            row = [(0, 1, 1, 0)]
            for _ in range(15):
                row.append(add(row[-1], base))
            self.rows.append(row)
            base = add(row[-1], base)

    def times(self, scalar):
        result = (0, 1, 1, 0)
        for row in self.rows:
            result, scalar = add(result, row[scalar & 15]), scalar >> 4
        return result


BASE = Multiples(point((4 * pow(5, -1, P) % P).to_bytes(32, "little")))


class Key:
    """A public key, `name+id+key` (C2SP signed-note)."""

    def __init__(self, text):
        self.text = text.strip()
        try:
            self.name, key_id, data = self.text.split("+", 2)
            data = base64.b64decode(data, validate=True)
            self.id = bytes.fromhex(key_id)
        except ValueError:
            raise Unreadable(f"{self.text!r} is not a public key, name+id+key") from None
        of_name = sha256(self.name.encode() + b"\n" + data)[:4]
        if len(data) != 33 or data[0] != 1 or len(key_id) != 8 or self.id != of_name or not self.name or " " in self.name:
            raise Unreadable(f"{self.text!r} is not a public key for Ed25519 with its own id")
        self.public, self.multiples = data[1:], None

    def signed(self, message, signature):
        if self.multiples is None:
            public = point(self.public)
            if public is None:
                raise Unreadable(f"{self.text} is no point of the curve")
            self.multiples = Multiples(public)
        r, s = point(signature[:32]), int.from_bytes(signature[32:], "little")
        if len(signature) != 64 or r is None or s >= Q:
            return False
        h = int.from_bytes(hashlib.sha512(signature[:32] + self.public + message).digest(), "little") % Q
        left, right = BASE.times(s), add(r, self.multiples.times(h))
        return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


class Checkpoint:
    """A signed head of the log (C2SP signed-note and tlog-checkpoint)."""

    def __init__(self, note, place):
        self.place, self.signer = place, None

        def malformed(why):
            return Wrong("checkpoint", f"{place} is not a checkpoint: {why}")

        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n") or re.search("[\x00-\x09\x0b-\x1f]", note):
            raise malformed("it is not a signed note")
        self.text = text + "\n"
        self.signatures = {}
        for line in signatures[:-1].split("\n"):
            found = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/]+=*)", line)
            try:
                data = base64.b64decode(found[2], validate=True) if found else b""
            except binascii.Error:
                data = b""
            if len(data) < 5 or len(self.signatures) >= 100:
                raise malformed("a line of its signatures is none")
            self.signatures.setdefault((found[1], data[:4]), data[4:])
        lines = text.split("\n")
        if len(lines) < 3 or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
            raise malformed("its second line is not a number of events")
        self.origin, self.size, self.root = lines[0], int(lines[1]), self.hash(lines[2])
        if self.root is None:
            raise malformed("its third line is not a hash in base64")
        self.reads = self.next_key = self.unproved = None
        for line in lines[3:]:
            word, _, rest = line.partition(" ")
            if word == "reads":
                number, _, tip = rest.partition(" ")
                if self.reads or not re.fullmatch("[1-9][0-9]{0,18}", number) or self.hash(tip) is None:
                    raise malformed("its line of the trail of reads is wrong or repeated")
                self.reads = (int(number), self.hash(tip))
            elif word == "signing-key":
                if self.next_key:
                    raise malformed("it names two keys")
                self.next_key = rest
            elif word == "appends":
                found = re.fullmatch("proved|unproved ([1-9][0-9]{0,18}) ([1-9][0-9]{0,18})", rest)
                if not found:
                    raise malformed("its line of who appended is wrong")
                self.unproved = (int(found[1]), int(found[2])) if found[1] else None
        self.note = note

    @staticmethod
    def hash(text):
        return base64.b64decode(text) if re.fullmatch("[A-Za-z0-9+/]{43}=", text) else None

    def signers(self, keys):
        """Those of the keys that signed it. A signature that names a known key and does not hold is a forgery."""
        signers = []
        for key in keys:
            signature = self.signatures.get((key.name, key.id))
            if signature is None or key.name != self.origin:
                continue
            if not key.signed(self.text.encode(), signature):
                raise Wrong("checkpoint", f"{self.place} is not signed by the key it names, {key.name}+{key.id.hex()}", self.size)
            signers.append(key)
        return signers


class Keys:
    """Public keys and the sizes of checkpoints each of them may have signed; as many as are known."""

    def __init__(self, known):
        self.known, self.believed = known, [(key, 0, None) for key in known]

    def follow(self, changes, report):
        """Follows the log's changes of the signing key (log-format.md). Of a change that is not to be believed, and
        of those after it, nothing is followed."""
        cache = {key.text: key for key in self.known}
        chain, followed = [], []
        for position, payload, root in changes:
            try:
                before = chain[-1] if chain else payload.get("previous")
                self.check_change(position, payload, root, before, cache)
            except (Wrong, Unreadable, AttributeError, TypeError) as reason:
                wrong = f"the change of the signing key at position {position} is not to be believed: {reason}"
                report.found("signing-key", wrong, position)
                break
            if root is None:
                report.warn("unproved", f"the change of the signing key at position {position} was signed long before", position)
            chain += [payload["key"]] if chain else [before, payload["key"]]
            followed.append((position, payload["lost"]))
        trusted = {key.text for key in self.known}
        believed = [text in trusted for text in chain]
        for number, (_, lost) in enumerate(followed):
            believed[number + 1] |= believed[number] and not lost
        for number in reversed(range(len(followed))):
            believed[number] |= believed[number + 1] and chain[number] is not None
        self.believed = [(key, 0, None) for key in self.known if key.text not in chain]
        for number, text in enumerate(chain):
            if believed[number]:
                first = followed[number - 1][0] if number else 0
                last = followed[number][0] - 1 if number < len(followed) else None
                self.believed.append((cache[text], first, last))

    @staticmethod
    def check_change(position, payload, root, before, cache):
        """Raises unless a change of keys is what it must be, and was signed by whom it must be."""
        if set(payload) != {"previous", "key", "note", "lost"} or type(payload["lost"]) is not bool:
            raise Wrong("signing-key", "its members are not those of a change")
        if payload["previous"] != before:
            raise Wrong("signing-key", "it does not follow from the key before")
        for text in (before, payload["key"]):
            if text is not None and text not in cache:
                cache[text] = Key(text)
        note = Checkpoint(payload["note"], "its note")
        signers = [payload["key"]] + ([] if payload["lost"] else [before])
        if None in signers or len(note.signers([cache[text] for text in signers])) != len(signers):
            raise Wrong("signing-key", "its signatures are missing")
        if note.next_key != payload["key"] or note.size >= position:
            raise Wrong("signing-key", "what was signed is another change")
        if root not in (None, note.root):
            raise Wrong("signing-key", f"it was signed for another log of {note.size} events")

    def check(self, checkpoint):
        """Raises unless a believed key signed it while it was the log's."""
        size = checkpoint.size
        signers = checkpoint.signers([key for key, _, _ in self.believed])
        if not signers:
            names = ", ".join(f"{name}+{key_id.hex()}" for name, key_id in checkpoint.signatures)
            raise Wrong("checkpoint", f"no known key signed {checkpoint.place}, of {size} events: signed by {names}", size)
        for key, first, last in self.believed:
            if key in signers and first <= size and (last is None or size <= last):
                checkpoint.signer = f"{key.name}+{key.id.hex()}"
                return
        raise Wrong("checkpoint", f"the key that signed {checkpoint.place}, of {size} events, was not the log's then", size)


# The exported log.
class Groups:
    """Records (key of 16 bytes, position, number) brought together by key in bounded memory: in 256 parts, which
    go to the disk as they grow."""
    RECORD = struct.Struct(">16sQQ")
    LIMIT = 8 << 20

    def __init__(self):
        self.parts, self.size, self.file, self.written = [bytearray() for _ in range(256)], 0, None, collections.defaultdict(list)

    def add(self, key, position, number=0):
        # The last byte: ids made one after the other begin alike.
        self.parts[key[15]] += self.RECORD.pack(key, position, number)
        self.size += 32
        if self.size >= self.LIMIT:
            self.file = self.file or tempfile.TemporaryFile()
            for index, part in enumerate(self.parts):
                self.written[index].append((self.file.seek(0, io.SEEK_END), len(part)))
                self.file.write(part)
                part.clear()
            self.size = 0

    def __iter__(self):
        """The records of each part in order: by key, then by position."""
        for index, part in enumerate(self.parts):
            data = b""
            for offset, length in self.written[index]:
                self.file.seek(offset)
                data += self.file.read(length)
            yield from sorted(self.RECORD.iter_unpack(data + part))


class Progress:
    """Says on standard error how far reading is, where somebody is watching."""

    def __init__(self, file, size):
        self.file, self.size, self.begun, self.shown = file, size, time.monotonic(), sys.stderr.isatty()

    def at(self, events):
        if self.shown:
            percent = 100 * self.file.tell() // max(self.size, 1)
            speed = int(events / max(time.monotonic() - self.begun, 0.001))
            print(f"\rverify: {events} events, {percent} %, {speed} a second ", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.shown:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)


class Log:
    """An exported log, read once from its first line to its last; findings go to the report."""

    def __init__(self, report, types=None, sizes=(), roots=(), chains=(), positions=()):
        self.report, self.known_types = report, types
        self.tree, self.tip, self.position = Tree(), sha256(FORMAT.encode()), 0
        self.sizes = {size: None for size in sizes}
        self.roots, self.chains = {root: None for root in roots}, {chain: None for chain in chains}
        self.leaves = {position: None for position in positions}
        self.changes, self.types, self.recorded_at = [], collections.Counter(), ""
        self.recent = collections.deque([(0, ())], maxlen=1024)
        self.ids, self.streams, self.reader = Groups(), Groups(), EventReader()

    def read(self, path):
        try:
            with open(path, "rb") as raw:
                is_compressed = raw.read(2) == b"\x1f\x8b"
                raw.seek(0)
                progress = Progress(raw, os.fstat(raw.fileno()).st_size)
                file = io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 18) if is_compressed else raw
                self.read_lines(file, path, progress)
                progress.end()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unreadable(f"{path} is damaged after position {self.position}: {error}") from None
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error}") from None
        self.check_groups()

    def read_lines(self, file, path, progress):
        try:
            head = STRICT(file.readline(LONGEST_LINE).decode())
        except (Wrong, ValueError, RecursionError):
            head = None
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise Unreadable(f"{path} is not a log of the format {FORMAT!r}")
        if set(head) != {"format", "genesis"} or head["genesis"] != self.tip.hex():
            self.report.found("line", "the first line is not that of a log", 0)
        self.note_root()
        while raw := file.readline(LONGEST_LINE):
            if len(raw) == LONGEST_LINE:
                raise Unreadable(f"{path} has a line that is too long after position {self.position}")
            line = self.members(raw)
            if isinstance(line, dict) and "tip" in line:
                self.end(line)
                if file.read(1):
                    self.report.found("end", "something follows the end of the log", self.position)
                return
            self.event_line(line)
            if self.tree.size & 0xFFFF == 0:
                progress.at(self.tree.size)
        self.report.found("cut-off", f"the log is cut off after position {self.position}: its last line is missing", self.position)

    def members(self, raw):
        try:
            if not raw.endswith(b"\n"):
                self.report.found("line", f"the line after position {self.position} does not end", self.position + 1)
            return STRICT(raw.decode())
        except Wrong as wrong:
            self.report.found("line", f"in the line after position {self.position}, {wrong}", self.position + 1)
        except (ValueError, RecursionError) as error:
            self.report.found("line", f"the line after position {self.position} is not JSON: {error}", self.position + 1)
        return None

    def event_line(self, line):
        report, expected = self.report, self.position + 1
        if line is None:
            return
        if not isinstance(line, dict) or line.keys() != {"position", "event", "leaf", "chain"}:
            report.found("line", f"the line after position {self.position} has not the members of one", expected)
            line = line if isinstance(line, dict) else {}
        position, text = line.get("position"), line.get("event")
        if type(position) is not int or not 0 < position < 1 << 63 or not isinstance(text, str):
            report.found("line", f"the line after position {self.position} holds no event", expected)
            return
        if position != expected:
            wrong = f"position {expected} is missing: {position} follows"
            report.found("position", wrong if position > expected else f"position {position} follows {self.position}", expected)
        self.position = position
        leaf, tip = line.get("leaf"), line.get("chain")
        computed = sha256(b"\x00" + text.encode(errors="surrogatepass"))
        if leaf != computed.hex():
            report.found("leaf", f"event {position} was altered: its leaf does not match", position)
        # What follows is held against what the line says: one fault is one finding.
        stated = bytes.fromhex(leaf) if isinstance(leaf, str) and HASH.fullmatch(leaf) else computed
        chained = sha256(b"\x01" + self.tip + struct.pack(">Q", position) + stated)
        if tip != chained.hex():
            report.found("chain", f"event {position} breaks the chain", position)
        self.tip = bytes.fromhex(tip) if isinstance(tip, str) and HASH.fullmatch(tip) else chained
        self.tree.push(stated)
        if position in self.leaves:
            self.leaves[position] = computed
        if tip in self.chains:
            self.chains[tip] = position
        self.note_root()
        self.recent.append((self.tree.size, tuple(self.tree.subtrees)))
        try:
            self.event(self.reader.event(text), position)
        except Wrong as wrong:
            report.found(wrong.kind, f"event {position}: {wrong}", position)

    def note_root(self):
        if self.tree.size in self.sizes:
            self.sizes[self.tree.size] = self.tree.root()
        if self.roots:
            root = self.tree.root()
            if root in self.roots:
                self.roots[root] = self.tree.size

    def event(self, event, position):
        report = self.report
        if not ACTOR.fullmatch(event["actor"]):
            report.found("actor", f"event {position} is of an actor of unknown form: {event['actor']!r}", position)
        kind = (event["aggregate_type"], event["event_type"], event["event_version"])
        self.types[kind] += 1
        if self.known_types is not None and self.types[kind] == 1 and kind not in self.known_types:
            report.found("event-type", f"event {position} is of an unknown type: {' '.join(kind)}", position)
        stream = (event["aggregate_type"], event["aggregate_id"])
        if stream == KEY_CHANGES:
            self.changes.append((position, event["payload"], self.recent_root(event["payload"])))
        if event["recorded_at"] < self.recorded_at:
            report.warn(
                "time", f"the clock went back at position {position}: {event['recorded_at']} follows {self.recorded_at}", position)
        self.recorded_at = event["recorded_at"]
        self.ids.add(bytes.fromhex(event["event_id"].replace("-", "")), position)
        stream = hashlib.blake2b(f"{stream[0]}\0{stream[1]}".encode(), digest_size=16).digest()
        self.streams.add(stream, position, min(event["sequence"], 1 << 63))

    def recent_root(self, change):
        """The root of the log at the size that a change of keys was signed for; none where that is long ago."""
        try:
            size = Checkpoint(change["note"], "").size
        except (Wrong, KeyError, AttributeError, TypeError):
            return None
        return next((root_of_subtrees(subtrees) for at, subtrees in self.recent if at == size), None)

    def check_groups(self):
        before = (None, 0, 0)
        for record in self.ids:
            if record[0] == before[0]:
                self.report.found("event-id", f"event {record[1]} has the id of event {before[1]}", record[1])
            before = record
        before = (None, 0, 0)
        for stream, position, sequence in self.streams:
            after = before[2] if stream == before[0] else 0
            if sequence != after + 1:
                self.report.found(
                    "sequence", f"event {position} is number {sequence} of its stream, where {after + 1} follows", position)
            before = (stream, position, sequence)

    def end(self, line):
        found = {"events": self.tree.size, "tip": self.tip.hex(), "root": self.tree.root().hex()}
        if line.keys() != found.keys():
            self.report.found("line", "the last line has not the members of one", self.position)
        for name, value in found.items():
            if line.get(name) != value:
                self.report.found("end", f"the end says {name} {line.get(name)}, the log has {value}", self.position)


def hold(checkpoint, log):
    """Raises unless a checkpoint is of the log: of its first events, however many it has by now."""
    size, place = checkpoint.size, checkpoint.place
    if size > log.tree.size:
        raise Wrong("cut-off", f"the log ends at {log.tree.size}, {place} was signed for {size} events", size)
    if log.sizes[size] != checkpoint.root:
        raise Wrong("rewritten", f"the log's first {size} events are not those that {place} was signed for", size)


def contradictions(checkpoints, report):
    """Two signed heads of one size with different roots: whoever signed both has shown two logs."""
    by_size = {}
    for checkpoint in checkpoints:
        other = by_size.setdefault(checkpoint.size, checkpoint)
        if other.root != checkpoint.root:
            report.found(
                "contradiction", f"{other.place} and {checkpoint.place} are of {checkpoint.size} events each, and of two logs", checkpoint.size)


def known_types(path):
    """Types from a list (a line `stream-type event-type version` each), or from a folder of golden payloads,
    TYPE.json with a member `event-type version` each."""
    types = {KEY_CHANGED}
    try:
        if os.path.isdir(path):
            for name in sorted(os.listdir(path)):
                if name.endswith(".json"):
                    types |= {(name[:-5], *member.split(" ")) for member in read_json(os.path.join(path, name))}
        else:
            with open(path, encoding="utf-8") as file:
                types |= {tuple(line.split()) for line in file if line.strip() and not line.startswith("#")}
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    if any(len(kind) != 3 for kind in types):
        raise Unreadable(f"{path} is not a list of types: a line is `stream-type event-type version`")
    return types


def read_keys(texts):
    keys = {}
    for text in texts:
        if os.path.isfile(text):
            with open(text, encoding="utf-8") as file:
                text = file.read()
        key = Key(text)
        keys[key.text] = key
    return list(keys.values())


def read_checkpoints(paths, report):
    """Checkpoints of files, of folders (`*.checkpoint`), and of an answer to logCheckpoints."""
    notes = []
    for path in paths:
        if os.path.isdir(path):
            names = sorted(name for name in os.listdir(path) if name.endswith(".checkpoint"))
            if not names:
                raise Unreadable(f"{path} holds no *.checkpoint")
            files = [os.path.join(path, name) for name in names]
        else:
            files = [path]
        for file in files:
            try:
                with open(file, encoding="utf-8", newline="") as opened:
                    note = opened.read(1_000_001)
            except (OSError, ValueError) as error:
                raise Unreadable(f"{file} cannot be read: {error}") from None
            if note.startswith("{"):
                answers = answer_of(file, "logCheckpoints")
                notes += [(answer["note"], f"{file} ({answer.get('size')})") for answer in answers]
            else:
                notes.append((note, file))
    checkpoints = []
    for note, place in notes:
        try:
            checkpoints.append(Checkpoint(note, place))
        except Wrong as wrong:
            report.add(wrong)
    return checkpoints


def need_keys(keys, what):
    if not keys:
        raise Unreadable(f"{what} by a key you trust: give --key")


def report_log(log, report):
    report.facts |= {
        "events": log.tree.size, "tip": log.tip.hex(), "root": log.tree.root().hex(),
        "eventTypes": [{"stream": s, "type": t, "version": v, "count": n} for (s, t, v), n in sorted(log.types.items())],
        "keyChanges": [dict(payload, position=position) for position, payload, _ in log.changes],
    }
    for position, change, _ in log.changes:
        lost = ", WITHOUT the signature of the key before, which was declared lost" if change.get("lost") else ""
        report.say(f"the signing key changed at position {position} from {change.get('previous')} to {change.get('key')}{lost}")


def check_checkpoints(checkpoints, keys, report, log=None):
    """Checks signatures, and holds them against a log; those that pass."""
    passed = []
    for checkpoint in checkpoints:
        try:
            keys.check(checkpoint)
            if log:
                hold(checkpoint, log)
            passed.append(checkpoint)
            if checkpoint.unproved:
                first, last = checkpoint.unproved
                report.warn("appends", f"{checkpoint.place} says that nothing proved who appended events {first} to {last}", first)
        except Wrong as wrong:
            report.add(wrong)
    contradictions([c for c in checkpoints if c.signer], report)
    report.facts["checkpoints"] = [{"size": c.size, "root": c.root.hex(), "signer": c.signer, "place": c.place} for c in passed]
    return passed


def read_log_for(options, report, checkpoints, keys, positions=(), **more):
    """Reads an export in full, and follows its keys."""
    log = Log(report, sizes={c.size for c in checkpoints} | more.pop("sizes", set()), positions=positions, **more)
    log.read(options.log)
    keys.follow(log.changes, report)
    report_log(log, report)
    return log


def command_log(options, report):
    keys = Keys(read_keys(options.key))
    checkpoints = read_checkpoints(options.checkpoint, report)
    if checkpoints:
        need_keys(keys.known, "checkpoints are verified")
    roots, sizes = set(), {}
    for text in options.root:
        size, separator, root = text.rpartition(":")
        if separator:
            sizes[whole(size, "the size before a root")] = hash_of(root, "--root")
        else:
            roots.add(hash_of(root, "--root"))
    for chain in options.chain:
        hash_of(chain, "--chain")
    types = known_types(options.types) if options.types else None
    log = read_log_for(
        options, report, checkpoints, keys, types=types, sizes=set(sizes), roots=roots, chains=options.chain)
    passed = check_checkpoints(checkpoints, keys, report, log)
    if checkpoints:
        report.say(f"{len(passed)} checkpoints fit")
    for root, size in [*((root, log.roots[root]) for root in roots), *((root, size) for size, root in sizes.items())]:
        if size is None or size in sizes and log.sizes[size] != root:
            what = "no prefix of the log has" if size is None else f"the log's first {size} events do not have"
            report.found("rewritten", f"{what} the root {root.hex()}", size)
        else:
            report.say(f"the root {root.hex()} is that of the log's first {size} events")
    for chain, position in log.chains.items():
        if position is None:
            report.found("rewritten", f"the chain is nowhere {chain}")
        else:
            report.say(f"the chain is {chain} at position {position}")
    if not checkpoints and not options.root and not options.chain:
        report.say("nothing kept outside was given: a log written anew as a whole would not show")
    if options.list_types:
        for (stream, kind, version), count in sorted(log.types.items()):
            report.say(f"  {count:>9} {stream} {kind} {version}")
    return f"{log.tree.size} events verified, chain {log.tip.hex()}, root {log.tree.root().hex()}"


# Proofs.
class Proof:
    """A proof as `portail audit` prints it, or as GraphQL answers it."""

    def __init__(self, answer, place):
        if not isinstance(answer, dict):
            raise Unreadable(f"{place} is not a proof")
        checkpoint = answer.get("checkpoint")
        self.note = checkpoint.get("note") if isinstance(checkpoint, dict) else checkpoint
        self.place, self.size = place, whole(answer.get("size"), f"the size of {place}")
        path = answer.get("path", answer.get("proof"))
        if not isinstance(path, list) or len(path) > 128:
            raise Unreadable(f"{place} has no path")
        self.path = [hash_of(beside, f"an element of the path of {place}") for beside in path]
        subject = answer.get("leaf", answer.get("subject", answer.get("oldRoot")))
        self.subject = None if subject is None else hash_of(subject, f"what {place} is about")
        self.root = None if answer.get("root") is None else hash_of(answer["root"], f"the root of {place}")

    def checkpoint(self, kept):
        """The signed head it is held against: a kept one of its size, else the one it came with."""
        for checkpoint in kept:
            if checkpoint.size == self.size:
                return checkpoint
        if not isinstance(self.note, str):
            raise Unreadable(f"{self.place} came without a checkpoint: give one of {self.size} events with --checkpoint")
        return Checkpoint(self.note, f"the checkpoint of {self.place}")


class Trust:
    """What proofs are held against: keys, kept checkpoints, and the log where it is given."""

    def __init__(self, options, report, sizes=(), positions=()):
        self.keys, self.report, self.log, self.checked = Keys(read_keys(options.key)), report, None, {}
        need_keys(self.keys.known, "proofs are verified")
        self.kept = read_checkpoints(options.checkpoint, report)
        if options.log:
            sizes = set(sizes)
            self.log = read_log_for(options, report, self.kept, self.keys, positions, sizes=sizes)

    def head(self, proof):
        """The signed head of a proof; raises unless it is to be believed and of the proof's size and root."""
        checkpoint = proof.checkpoint(self.kept)
        known = self.checked.get(checkpoint.note)
        if known is None:
            self.keys.check(checkpoint)
            if self.log:
                hold(checkpoint, self.log)
            self.checked[checkpoint.note] = known = checkpoint
        if known.size != proof.size or proof.root not in (None, known.root):
            raise Wrong("proof", f"{proof.place} is of another size or root than {known.place} was signed for")
        return known

    def includes(self, proof, leaf, position):
        head = self.head(proof)
        if position < 1 or root_of_inclusion(leaf, position - 1, head.size, proof.path) != head.root:
            raise Wrong("proof", f"{proof.place} does not lead from its leaf to the signed root", position)
        if self.log and self.log.leaves.get(position) != leaf:
            raise Wrong("proof", f"the log has another event at position {position}", position)
        return head


def command_inclusion(options, report):
    answer = answer_of(options.proof, "logInclusion")
    proof = Proof(answer, options.proof)
    position = options.position or whole(answer.get("position"), "the position (give --position)")
    trust = Trust(options, report, [proof.size], [position])
    leaf = proof.subject
    if options.event:
        try:
            with open(options.event, "rb") as file:
                text = file.read().removesuffix(b"\n").decode()
        except (OSError, ValueError) as error:
            raise Unreadable(f"{options.event} cannot be read: {error}") from None
        if leaf not in (None, sha256(b"\x00" + text.encode())):
            raise Wrong("leaf", f"{options.event} is not the event whose leaf is proved", position)
        leaf = sha256(b"\x00" + text.encode())
        show_event(EventReader().event(text), position, report)
    elif not trust.log:
        report.warn("unproved", "what the event says is not examined: give its text (--event) or the log (--log)", position)
    if leaf is None:
        raise Unreadable(f"{options.proof} has no leaf: give the event's text with --event")
    head = trust.includes(proof, leaf, position)
    return f"event {position} is in the log of {head.size} events, root {head.root.hex()}, signed by {head.signer}"


def command_consistency(options, report):
    answer = answer_of(options.proof, "logConsistency")
    proof = Proof(answer, options.proof)
    if options.new:
        options.checkpoint.append(options.new)
    olds = read_checkpoints([options.old] if options.old else [], report)
    if options.old and not olds:
        return None
    if olds:
        size, root = olds[0].size, olds[0].root
    elif options.old_root:
        size, _, root = options.old_root.rpartition(":")
        size, root = whole(size, "the size before the old root (SIZE:HEX)"), hash_of(root, "--old-root")
    else:
        raise Unreadable("give what you kept: --old CHECKPOINT or --old-root SIZE:HEX; a proof without it proves nothing")
    trust = Trust(options, report, [proof.size, size])
    for old in olds:
        trust.keys.check(old)
        if trust.log:
            hold(old, trust.log)
    if answer.get("oldSize") is not None and whole(answer["oldSize"], "oldSize") != size:
        raise Unreadable(f"{options.proof} goes on from {answer['oldSize']} events, what you kept is of {size}: ask for its own proof")
    if proof.subject not in (None, root):
        raise Wrong("rewritten", f"{options.proof} goes on from another log than the one you kept at {size} events", size)
    head = trust.head(proof)
    if not goes_on(size, root, head.size, head.root, proof.path):
        raise Wrong("proof", f"{options.proof} does not show that {head.size} events go on from the {size} you kept", size)
    return f"the log of {head.size} events, root {head.root.hex()}, goes on from its first {size}, root {root.hex()}"


def show_event(event, position, report):
    report.say(f"  {position}: {event['recorded_at']} {event['actor']} {event['event_type']} {canonical(event['payload'])}")


def check_event_proofs(answers, place, options, report):
    """The events of a list of EventProof by position; what is said beside an event must be what it says."""
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise Unreadable(f"{place} is not a list of proofs of events")
    if not answers:
        raise Unreadable(f"{place} proves nothing: it is empty")
    proofs = []
    for answer in answers:
        position = whole(answer.get("position"), f"a position of {place}")
        proofs.append((position, answer, Proof(answer.get("proof"), f"the proof of event {position}")))
    trust = Trust(options, report, [proof.size for _, _, proof in proofs], [position for position, _, _ in proofs])
    events, reader = {}, EventReader()
    for position, answer, proof in proofs:
        try:
            text, leaf = answer.get("event"), proof.subject
            if isinstance(text, str):
                if leaf not in (None, sha256(b"\x00" + text.encode(errors="surrogatepass"))):
                    raise Wrong("leaf", f"event {position} is not the one whose leaf is proved", position)
                leaf = sha256(b"\x00" + text.encode(errors="surrogatepass"))
            if leaf is None:
                raise Unreadable(f"event {position} of {place} has neither text nor leaf")
            trust.includes(proof, leaf, position)
            if not isinstance(text, str):
                report.warn("unproved", f"event {position} is proved by its leaf alone: its text is not shown", position)
                continue
            event = reader.event(text)
            for name, member in (("eventType", "event_type"), ("actor", "actor"), ("recordedAt", "recorded_at")):
                said = answer.get(name)
                if said is not None and (instant(said) if name == "recordedAt" else said) != event[member]:
                    raise Wrong("statement", f"{name} of event {position} is not what the event says: {said}", position)
            events[position] = event
            show_event(event, position, report)
        except Wrong as wrong:
            report.found(wrong.kind, str(wrong), position)
    report.facts["proved"] = [dict(event, position=position) for position, event in sorted(events.items())]
    return events, trust


def command_requests(options, report):
    answers = answer_of(options.answer, "requestProofs")
    check_event_proofs(answers, options.answer, options, report)
    return f"{len(answers)} events are in the signed log"


def command_erasure(options, report):
    certificate = answer_of(options.answer, "erasureCertificate")
    if not isinstance(certificate, dict) or not isinstance(certificate.get("erasures"), list) or not certificate["erasures"]:
        raise Unreadable(f"{options.answer} is not an erasure certificate")
    events, _ = check_event_proofs(certificate.get("proofs"), options.answer, options, report)
    if "keys" not in certificate:
        raise Unreadable(f"{options.answer} does not say which keys were destroyed: ask for keys {{ subject purpose destroyedAt }}")
    keys = {(key["subject"], key["purpose"]) for key in certificate["keys"]}
    named = set()
    for erasure in certificate["erasures"]:
        position = whole(erasure.get("position"), "the position of an erasure")
        event = events.get(position)
        if event is None or event["event_type"] != "PersonalDataErased" or event["aggregate_type"] != "Erasure":
            report.found("erasure", f"no proved event at position {position} is an erasure", position)
            continue
        payload = event["payload"].get("PersonalDataErased", {})
        subject = list((payload.get("subject") or {}).values()) + [event["aggregate_id"]]
        said = {
            "subjectId": subject, "purposes": payload.get("purposes"), "basis": payload.get("basis"),
            "files": len(payload.get("files") or []), "actor": event["actor"], "erasedAt": event["recorded_at"],
        }
        for name, value in said.items():
            told = erasure.get(name)
            if name == "subjectId":
                told = [told] * len(value) if told is not None else None
            if name == "erasedAt" and told is not None:
                told = instant(told)
            if told is not None and told != value:
                report.found("statement", f"{name} of the erasure at position {position} is not what its event says: {erasure[name]}", position)
        for purpose in payload.get("purposes") or []:
            named.add(purpose)
            if (subject[-1], purpose) not in keys:
                report.found("erasure", f"the key for {purpose} of {subject[-1]} is not among those destroyed", position)
    for subject, purpose in sorted(keys):
        if purpose not in named:
            report.warn("erasure", f"the key for {purpose} of {subject} was destroyed, and no erasure here says why")
    report.say(f"{len(keys)} keys were destroyed: that is the server's word, the log holds no keys")
    return f"{len(certificate['erasures'])} erasures are in the signed log"


def command_checkpoints(options, report):
    keys = Keys(read_keys(options.key))
    need_keys(keys.known, "checkpoints are verified")
    checkpoints = read_checkpoints(options.checkpoint, report)
    log = read_log_for(options, report, checkpoints, keys) if options.log else None
    passed = check_checkpoints(checkpoints, keys, report, log)
    return f"{len(passed)} checkpoints are signed by a known key"


def read_text(entry):
    """The text of an entry of the trail of reads, as PostgreSQL writes an array of JSON."""
    def texts(values):
        return "[" + ",".join(map(SORTED, values)) + "]"
    number, at = whole(entry.get("number"), "the number of an entry"), instant(entry.get("at"))
    actor, operation = SORTED(entry["actor"]), SORTED(entry["operation"])
    return f"[{number}, {SORTED(at)}, {actor}, {operation}, {texts(entry['fields'])}, {texts(entry['subjects'])}]"


def command_reads(options, report):
    entries = {}
    for path in options.answer:
        for entry in answer_of(path, "reads"):
            entries[whole(entry.get("number"), "the number of an entry")] = entry
    checkpoints = read_checkpoints(options.checkpoint, report)
    keys = Keys(read_keys(options.key))
    need_keys(keys.known, "the trail of reads is verified by checkpoints")
    if options.log:
        read_log_for(options, report, checkpoints, keys)
    heads = {}
    for checkpoint in checkpoints:
        try:
            keys.check(checkpoint)
        except Wrong as wrong:
            report.add(wrong)
            continue
        if checkpoint.reads and heads.setdefault(*checkpoint.reads) != checkpoint.reads[1]:
            report.found("reads", f"{checkpoint.place} has another entry {checkpoint.reads[0]} than a checkpoint before")
    first = min([number for number in heads if number + 1 in entries], default=None)
    if 1 in entries:
        first, tip = 0, b""
    elif first is None:
        raise Unreadable("the entries begin neither at 1 nor after one that a checkpoint knows: give an older checkpoint")
    else:
        tip = heads[first]
    checked, last = 0, max(heads, default=0)
    if last > max(entries, default=0):
        report.warn("unproved", f"a checkpoint knows {last} entries: those after the last one given are not examined")
    for number in range(first + 1, max(entries, default=0) + 1):
        if number not in entries:
            report.found("reads", f"entry {number} of the trail is missing", number)
            break
        tip = sha256(tip + read_text(entries[number]).encode())
        if heads.get(number, tip) != tip:
            report.found("reads", f"entry {number} of the trail, or one before it, is not what was signed", number)
            break
        checked = number
    covered = max([number for number in heads if number <= checked], default=0)
    report.facts["reads"] = {"first": first + 1, "signed": covered}
    if covered <= first:
        report.found("reads", "no checkpoint covers any of these entries")
    elif covered < checked:
        report.warn("unproved", f"the entries after {covered} are not signed yet")
    return f"entries {first + 1} to {covered} of the trail of reads are what was signed"


def parser():
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="command", required=True)

    def command(name, what, run, help_key="a public key you trust, name+id+key, or the file that holds it; several are allowed"):
        made = commands.add_parser(name, help=what, description=what)
        made.set_defaults(run=run)
        made.add_argument("--key", metavar="KEY", action="append", default=[], help=help_key)
        made.add_argument("--json", action="store_true", help="answer with one JSON object")
        made.add_argument("--most", metavar="N", type=int, default=20, help="findings shown of each kind (20)")
        made.add_argument("--strict-times", action="store_true", help="a clock that went back is an error, not a warning")
        return made

    def kept(made, required=False):
        made.add_argument(
            "--checkpoint", metavar="FILE", action="append", default=[], required=required,
            help="a checkpoint you kept, a folder of *.checkpoint, or an answer to logCheckpoints; several are allowed")

    def with_log(made):
        made.add_argument("--log", metavar="EXPORT", help="the exported log: its keys are followed, and it must agree")

    made = command("log", "verifies an exported log", command_log)
    made.add_argument("log", metavar="EXPORT")
    kept(made)
    made.add_argument("--root", metavar="[SIZE:]HEX", action="append", default=[], help="a Merkle root you kept, of any size of the log")
    made.add_argument("--chain", metavar="HEX", action="append", default=[], help="a chain hash you kept (logHead), of any position")
    made.add_argument("--types", metavar="PATH", help="the event types there may be: a list, or the folder fixtures/events")
    made.add_argument("--list-types", action="store_true", help="print how many events there are of each type")

    made = command("checkpoints", "verifies kept checkpoints", command_checkpoints)
    made.add_argument("checkpoint", metavar="FILE", nargs="+", help="a checkpoint, or a folder of *.checkpoint")
    with_log(made)

    made = command("inclusion", "verifies the proof that an event is in the log", command_inclusion)
    made.add_argument("proof", metavar="FILE")
    made.add_argument("--position", type=int, help="the event's position, for an answer to logInclusion")
    made.add_argument("--event", metavar="FILE", help="the event's text, as it was hashed")
    kept(made)
    with_log(made)

    made = command("consistency", "verifies the proof that the log goes on from what you kept", command_consistency)
    made.add_argument("proof", metavar="FILE")
    made.add_argument("--old", metavar="FILE", help="the older checkpoint you kept")
    made.add_argument("--old-root", metavar="SIZE:HEX", help="or the older root")
    made.add_argument("--new", metavar="FILE", help="the newer checkpoint, where it is not the one in the proof")
    with_log(made)
    made.set_defaults(checkpoint=[])

    for name, what, run in (
        ("requests", "verifies an answer to requestProofs", command_requests),
        ("erasure", "verifies an answer to erasureCertificate", command_erasure),
    ):
        made = command(name, what, run)
        made.add_argument("answer", metavar="FILE")
        kept(made)
        with_log(made)

    made = command("reads", "verifies answers to reads between checkpoints", command_reads)
    made.add_argument("answer", metavar="FILE", nargs="+")
    kept(made, required=True)
    with_log(made)
    return top


def main(arguments):
    options = parser().parse_args(arguments)
    report, code, verified = Report(max(options.most, 1)), 0, None
    try:
        verified = options.run(options, report)
    except Wrong as wrong:
        report.add(wrong)
    except (Unreadable, OSError) as error:
        code = 2
        unexamined = str(error)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        code = 2
        unexamined = f"a file does not have the form it should have: {type(error).__name__} {error}"
    if options.strict_times and report.counts["time", "warning"]:
        report.counts["time", "error"] += report.counts.pop(("time", "warning"))
        for finding in report.findings:
            finding["severity"] = "error" if finding["kind"] == "time" else finding["severity"]
    if code == 0 and report.is_wrong():
        code = 1
    verdict = ("verified", "wrong", "not examined")[code]
    if options.json:
        answer = {"verdict": verdict, "findings": report.sorted_findings(), **report.facts}
        answer["counts"] = [{"kind": kind, "severity": severity, "count": count} for (kind, severity), count in report.counts.items()]
        if code == 2:
            answer["reason"] = unexamined
        elif code == 0:
            answer["summary"] = verified
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return code
    if code == 0:
        print(verified)
    for line in report.lines:
        print(line)
    for finding in report.sorted_findings():
        print(f"{'WRONG' if finding['severity'] == 'error' else 'warning'} ({finding['kind']}): {finding['message']}")
    for (kind, severity), count in report.counts.items():
        if count > report.limit:
            print(f"{count} findings of the kind {kind} ({severity}), {report.limit} are shown")
    if code == 2:
        print(f"cannot be examined: {unexamined}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
