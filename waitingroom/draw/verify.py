#!/usr/bin/env python3
"""Check a draw from its published bundle, and where you come from your receipt. Needs no site and no network.

    python verify.py bundle.json [receipt.json ...] [--email you@example.com] [--key KEY] [--language ko|en]
        [--json]

Python 3.11 or newer with `cryptography`; `py-arkworks-bls12381` checks drand's signature as well. Nothing of the site
is imported: whoever mistrusts it reads these lines, or writes their own from docs/draw.md.

Each line says what holds (OK), what does not (NO), what must not be relied on (!!), and what cannot be checked (--).
Exit: 0 holds, 1 does not, 2 cannot be read, 3 holds but for where chance came from, or whose key it is.
"""

import argparse
import json
import os
import re
import sys
import unicodedata
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    from py_arkworks_bls12381 import GT, G1Point, G2Point
except ImportError:
    GT = None  # type: ignore[assignment, misc]  # asked for below, where it is needed

MARKS = {"ok": "OK", "no": "NO", "warn": "!!", "open": "--"}
EXITS = {"holds": 0, "refused": 1, "unreadable": 2, "untrusted": 3}
LEAD_SECONDS = 600
QUICKNET = (
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    1692803367,
    3,
)
BLS_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"

# code: mark, English, Korean. verify.html has the same table.
SENTENCES: dict[str, tuple[str, str, str]] = {}  # filled in below, so that the checks come first


class Malformed(Exception):
    """Part of a file is not written as it must be."""


class Report:
    """What was found, in the order it was looked at."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.lines: list[dict[str, str]] = []

    def say(self, code: str, **values: Any) -> None:
        """One sentence of the table; nothing that a file holds may steer the terminal."""
        mark, english, korean = SENTENCES[code]
        text = (korean if self.language == "ko" else english).format(**values)
        shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
        self.lines.append({"mark": mark, "code": code, "text": shown})

    @property
    def verdict(self) -> str:
        """All in one word."""
        marks = {line["mark"] for line in self.lines}
        if any(line["code"] == "malformed" for line in self.lines):
            return "unreadable"
        return "refused" if "no" in marks else "untrusted" if "warn" in marks else "holds"


# Reading


def take(content: Any, name: str, kind: type) -> Any:
    """The member `name` of a JSON object, of that type. Raises Malformed."""
    value = content.get(name) if isinstance(content, dict) else None
    if type(value) is not kind:
        raise Malformed(name)
    return value


def from_hex(text: Any, count: int, name: str) -> bytes:
    """`count` bytes written in small hexadecimal digits. Raises Malformed."""
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * count}}}", text):
        raise Malformed(name)
    return bytes.fromhex(text)


def from_base64(text: str, name: str) -> bytes:
    """The bytes written in base64. Raises Malformed."""
    try:
        decoded = b64decode(text, validate=True)
    except ValueError as error:
        raise Malformed(name) from error
    if b64encode(decoded).decode() != text:  # the last letter may have bits that mean nothing
        raise Malformed(name)
    return decoded


def instant(text: str, name: str) -> float:
    """Unix seconds. Raises Malformed."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text):
        raise Malformed(name)
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Malformed(name) from error


def as_text(seconds: float) -> str:
    """Unix seconds for people. Raises Malformed."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed("rule") from error


def lines_of(text: str, name: str, heads: list[str]) -> list[str]:
    """What stands behind each head, a line each. Raises Malformed."""
    lines = text.split("\n")
    if len(lines) != len(heads) + 1 or lines[-1]:
        raise Malformed(name)
    if not all(line.startswith(head) for line, head in zip(lines, heads, strict=False)):
        raise Malformed(name)
    return [line[len(head) :] for line, head in zip(lines, heads, strict=False)]


def signed_text(note: str, key: str, name: str) -> tuple[str, bool]:
    """The note's text and whether `key` (name+id+base64) signed it: c2sp.org/signed-note. Raises Malformed."""
    signer, _, rest = key.partition("+")
    public = from_base64(rest.partition("+")[2], "key")
    if len(public) != 33 or public[0] != 1:
        raise Malformed("key")
    identity = sha256(signer.encode() + b"\n" + public).digest()[:4]
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise Malformed(name)
    text += "\n"
    for line in signatures[:-1].split("\n"):
        who, _, encoded = line.removeprefix("— ").partition(" ")
        signature = from_base64(encoded, name)
        if line.startswith("— ") and who == signer and signature[:4] == identity:
            try:
                Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], text.encode())
            except InvalidSignature:
                return text, False
            return text, True
    return text, False


def read_rule(text: str) -> dict[str, Any]:
    """The rule's promises. Raises Malformed."""
    heads = ["tiketi-draw-rule-v1", "", "identity ", "opens ", "closes "]
    lines = text.split("\n")
    _, log, identity, _, closes = lines_of("\n".join([*lines[:5], ""]), "rule", heads)
    sources = [line.removeprefix("source ") for line in lines[5:-1] if line.startswith("source ")]
    if lines[-1] or not sources or len(sources) != len(lines) - 6 or identity not in ("e-mail", "name"):
        raise Malformed("rule")
    origin, slash, event = log.partition("/draw/")
    if not slash:
        raise Malformed("rule")
    digest = sha256(text.encode()).hexdigest()
    return {
        "log": log, "origin": origin, "event": event, "identity": identity, "closes": instant(closes, "rule"),
        "sources": sources, "hash": digest,
    }  # fmt: skip


def read_checkpoint(text: str, name: str) -> dict[str, Any]:
    """What was closed. Raises Malformed."""
    log, size, root, rule, closed = lines_of(text, name, ["", "", "", "rule ", "closed "])
    if not re.fullmatch("[0-9]{1,9}", size):
        raise Malformed(name)
    return {
        "log": log, "size": int(size), "root": from_base64(root, name), "rule": rule, "closed": instant(closed, name),
        "text": text,
    }  # fmt: skip


# Merkle tree: RFC 6962, 2.1


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def tree_root(entries: list[bytes]) -> bytes:
    """The root over all entries."""
    level = [leaf(entry) for entry in entries]
    while len(level) > 1:
        pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0] if level else sha256().digest()


def path_root(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Where the audit path leads: RFC 9162, 2.1.3.2; None for one of the wrong length."""
    found, last = leaf(entry), size - 1
    if index > last:
        return None
    for other in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            found = node(other, found)
            while index and index % 2 == 0:
                index, last = index // 2, last // 2
        else:
            found = node(found, other)
        index, last = index // 2, last // 2
    return found if last == 0 else None


# Chance


def check_source(report: Report, source: str, reveal: Any, closed: float) -> bytes | None:
    """The 32 bytes that one source gave; None where it gave none, or another's."""
    kind, _, rest = source.partition(" ")
    if kind == "party" and re.fullmatch("[0-9a-f]{64} .+", rest):
        committed, name = rest[:64], rest[65:]
        if reveal is None:
            report.say("reveal-withheld", name=name)
            return None
        secret = from_hex(reveal, 32, "reveals")
        if sha256(f"tiketi-commit-v1\n{name}\n{secret.hex()}\n".encode()).hexdigest() != committed:
            report.say("reveal-wrong", name=name)
            return None
        report.say("party-holds", name=name)
        return secret
    if kind == "local" and not rest:
        if reveal is None:
            report.say("reveal-withheld", name="local")
            return None
        report.say("local-untrusted")
        return from_hex(reveal, 32, "reveals")
    words = rest.split(" ")
    if kind != "drand" or len(words) != 5 or not all(re.fullmatch("[1-9][0-9]{0,10}", word) for word in words[2:]):
        raise Malformed("rule")
    chain, public, (genesis, period, number) = words[0], from_hex(words[1], 96, "rule"), map(int, words[2:])
    at = genesis + (number - 1) * period
    if reveal is None:
        report.say("reveal-withheld", name=f"drand {number}")
        return None
    if at < closed + LEAD_SECONDS:
        report.say("source-too-early", round=number, at=as_text(at), closed=as_text(closed))
        return None
    signature = from_hex(reveal, 48, "reveals")
    value = sha256(signature).digest()
    if GT is None:
        report.say("drand-unchecked", round=number, chain=chain, value=value.hex())
    elif not drand_signed(public, number, signature):
        report.say("drand-wrong", round=number)
        return None
    elif (chain, words[1], genesis, period) != QUICKNET:
        report.say("drand-unknown", round=number, chain=chain)
    else:
        report.say("drand-holds", round=number, at=as_text(at), value=value.hex())
    return value


def drand_signed(public: bytes, number: int, signature: bytes) -> bool:
    """Whether the network with this key signed that round (bls-unchained-g1-rfc9380)."""
    try:
        point, key = G1Point.from_compressed_bytes(signature), G2Point.from_compressed_bytes(public)
    except ValueError:
        return False
    hashed = G1Point.hash_to_curve(sha256(number.to_bytes(8, "big")).digest(), BLS_DOMAIN)
    return point != G1Point.identity() and GT.pairing_check([hashed, -point], [key, G2Point()])


# The bundle


def check_bundle(report: Report, bundle: Any, key: Any) -> dict[str, Any] | None:
    """Everything about the draw; what a receipt is held against, or None where there is nothing to hold it against."""
    if take(bundle, "format", str) != "tiketi-draw-bundle-v1":
        raise Malformed("format")
    own = take(bundle, "key", str)
    if key is None:
        report.say("key-unconfirmed", key=own)
    elif key != own:
        report.say("key-differs", key=own, expected=key)
    else:
        report.say("key-agrees", key=own)
    text, genuine = signed_text(take(bundle, "rule", str), own, "rule")
    rule = read_rule(text)
    if not genuine:
        report.say("rule-unsigned")
        return None
    report.say("rule-signed", draw=rule["log"], closes=as_text(rule["closes"]))
    text, genuine = signed_text(take(bundle, "checkpoint", str), own, "checkpoint")
    checkpoint = read_checkpoint(text, "checkpoint")
    facts = {"key": own, "rule": rule, "checkpoint": checkpoint, "ranks": None, "roster": None}
    if not genuine:
        report.say("checkpoint-unsigned")
        return None
    if checkpoint["log"] != rule["log"]:
        report.say("checkpoint-other", found=checkpoint["log"], draw=rule["log"])
        return None
    if checkpoint["rule"] != rule["hash"]:
        report.say("rule-changed")
        return None
    if checkpoint["closed"] < rule["closes"]:
        report.say("closed-early", closed=as_text(checkpoint["closed"]), closes=as_text(rule["closes"]))
    closed, root = as_text(checkpoint["closed"]), checkpoint["root"].hex()
    report.say("checkpoint-signed", size=checkpoint["size"], closed=closed, root=root)
    roster = [from_hex(one, 32, "roster") for one in take(bundle, "roster", list)]
    facts["roster"] = check_roster(report, roster, checkpoint)
    seed = check_seed(report, bundle, rule, checkpoint)
    if seed is not None and facts["roster"] is not None:
        facts["ranks"] = check_ranks(report, bundle, facts["roster"], seed)
        if facts["ranks"] is not None:
            check_result(report, bundle, own, checkpoint, seed)
    return facts


def check_roster(report: Report, roster: list[bytes], checkpoint: dict[str, Any]) -> list[bytes] | None:
    """The roster, where it is the closed one."""
    size = checkpoint["size"]
    if any(one >= other for one, other in pairwise(roster)):
        report.say("roster-unsorted")
        return None
    if len(roster) < size:
        report.say("roster-short", size=size, found=len(roster))
        return None
    if len(roster) > size:
        report.say("roster-long", size=size, found=len(roster))
        return None
    if tree_root(roster) != checkpoint["root"]:
        report.say("roster-changed")
        return None
    report.say("roster-holds", size=size)
    return roster


def check_seed(report: Report, bundle: Any, rule: dict[str, Any], checkpoint: dict[str, Any]) -> bytes | None:
    """The seed, where it is the one that follows."""
    reveals = take(bundle, "reveals", list)
    if len(reveals) != len(rule["sources"]):
        report.say("reveals-count", sources=len(rule["sources"]), found=len(reveals))
        return None
    pairs = zip(rule["sources"], reveals, strict=True)
    given = [check_source(report, source, reveal, checkpoint["closed"]) for source, reveal in pairs]
    values = [value for value in given if value is not None]
    if len(values) < len(given):
        return None
    if all(source.startswith("party ") for source in rule["sources"]):
        report.say("parties-alone")
    made = ["tiketi-draw-v1\n" + checkpoint["text"], *(value.hex() + "\n" for value in values)]
    seed = sha256("".join(made).encode()).digest()
    if from_hex(take(bundle, "seed", str), 32, "seed") != seed:
        report.say("seed-wrong", seed=seed.hex())
        return None
    report.say("seed-holds", seed=seed.hex())
    return seed


def check_ranks(report: Report, bundle: Any, roster: list[bytes], seed: bytes) -> dict[bytes, int] | None:
    """The rank of each id, where the bundle's are the ones that follow."""
    ranks = take(bundle, "ranks", list)
    order = sorted(roster, key=lambda one: (sha256(seed + one).digest(), one))
    place = {one: rank for rank, one in enumerate(order, 1)}
    if len(ranks) != len(roster):
        report.say("ranks-count", size=len(roster), found=len(ranks))
        return None
    for one, rank in zip(roster, ranks, strict=True):
        if type(rank) is not int or rank != place[one]:
            report.say("ranks-wrong", id=one.hex(), found=rank, rank=place[one])
            return None
    report.say("ranks-hold", size=len(roster))
    return place


def check_result(report: Report, bundle: Any, key: str, checkpoint: dict[str, Any], seed: bytes) -> None:
    """Whether the organiser signed this outcome."""
    text, genuine = signed_text(take(bundle, "result", str), key, "result")
    digest = sha256(",".join(str(rank) for rank in bundle["ranks"]).encode()).hexdigest()
    expected = f"tiketi-draw-result-v1\n{checkpoint['log']}\nseed {seed.hex()}\nranks {digest}\n"
    report.say("result-signed" if genuine and text == expected else "result-wrong")


# A receipt


def normalised(email: str) -> str:
    """As ids are made of it: NFC, no white space around it, A to Z made small, nothing else."""
    lowered = unicodedata.normalize("NFC", email).strip(" \t\r\n\f\v")
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in lowered)


def check_receipt(report: Report, receipt: Any, facts: dict[str, Any], email: str | None) -> bytes | None:
    """Whether this receipt's owner is in the draw; the id, for comparing receipts."""
    if take(receipt, "format", str) != "tiketi-draw-receipt-v1":
        raise Malformed("format")
    key, rule = facts["key"], facts["rule"]
    plain, nonce = take(receipt, "identity", str), from_hex(take(receipt, "nonce", str), 32, "nonce")
    report.say("receipt-of", identity=plain)
    if take(receipt, "key", str) != key:
        report.say("receipt-key", key=receipt["key"], expected=key)
        return None
    text, genuine = signed_text(take(receipt, "entry", str), key, "entry")
    if not genuine:
        report.say("receipt-forged")
        return None
    heads = ["tiketi-draw-entry-v1", "", "rule ", "entry ", "at "]
    _, log, ruled, entry, at = lines_of(text, "entry", heads)
    if log != rule["log"]:
        report.say("receipt-other", found=log, draw=rule["log"])
        return None
    promised, genuine = signed_text(take(receipt, "rule", str), key, "rule")
    if not genuine or sha256(promised.encode()).hexdigest() != ruled:
        report.say("receipt-forged")
        return None
    if ruled != rule["hash"]:
        report.say("receipt-rule")
        return None
    one = from_hex(entry, 32, "entry")
    report.say("entry-signed", at=at)
    domain = "tiketi-id-v1" if rule["identity"] == "e-mail" else "tiketi-name-id-v1"
    made = "\n".join((domain, rule["origin"], rule["event"], nonce.hex(), plain))
    if sha256(made.encode()).digest() != one:
        report.say("id-wrong", identity=plain)
        return None
    report.say("id-holds", id=one.hex(), identity=plain)
    if rule["identity"] == "name":
        report.say("name-weaker")
    elif email is None:
        report.say("email-unasked", identity=plain)
    elif normalised(email) != plain:
        report.say("email-other", identity=plain, email=normalised(email))
        return None
    else:
        report.say("email-holds", identity=plain)
    check_proof(report, receipt, facts, one)
    roster, ranks = facts["roster"], facts["ranks"]
    if roster is not None and one not in roster:
        report.say("dropped", at=at)
    elif ranks is not None:
        report.say("rank", rank=ranks[one], size=len(ranks))
    else:
        report.say("no-rank")
    return one


def check_proof(report: Report, receipt: Any, facts: dict[str, Any], one: bytes) -> None:
    """The part that a receipt has from the closing on."""
    if receipt.get("checkpoint") is None:
        report.say("no-proof")
        return
    text, genuine = signed_text(take(receipt, "checkpoint", str), facts["key"], "checkpoint")
    if not genuine:
        report.say("receipt-forged")
        return
    shown = read_checkpoint(text, "checkpoint")
    if text != facts["checkpoint"]["text"]:
        report.say("two-checkpoints", shown=shown["root"].hex(), found=facts["checkpoint"]["root"].hex())
        return
    path = [from_hex(step, 32, "proof") for step in take(receipt, "proof", list)]
    index = take(receipt, "index", int)
    if index < 0 or path_root(one, index, shown["size"], path) != shown["root"]:
        report.say("proof-wrong")
        return
    report.say("proof-holds", number=index + 1, size=shown["size"])
    return


# The command


def verify(
    bundle: Any, receipts: list[Any], *, key: Any = None, email: str | None = None, language: str = "en"
) -> Report:
    """The whole report on parsed files."""
    report = Report(language)
    try:
        if key is None and receipts and isinstance(receipts[0], dict):
            key = receipts[0].get("key")
        facts = check_bundle(report, bundle, key)
        if facts is None and receipts:
            report.say("not-held")
        found = [check_receipt(report, one, facts, email) for one in receipts] if facts else []
        told = [one for one in found if one is not None]
        if len(set(told)) < len(told):
            report.say("same-id")
    except Malformed as error:
        report.say("malformed", what=error)
    except UnicodeEncodeError:  # half a letter, as JSON can write it
        report.say("malformed", what="UTF-8")
    for code in ("open-people", "open-before", "open-requests", "open-elsewhere"):
        report.say(code)
    report.say(f"verdict-{report.verdict}")
    return report


def read(path: str) -> Any:
    """The file's JSON. Exits with 2, saying why."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        sys.exit(EXITS["unreadable"])


def main() -> None:
    """Parse, verify, print, exit."""
    parser = argparse.ArgumentParser(description="Check a draw, and your rank in it, without the site that made it.")
    parser.add_argument("bundle", help="the file that the organiser published")
    parser.add_argument("receipts", nargs="*", help="your receipt; friends may add theirs")
    parser.add_argument("--email", help="your own address: is the receipt yours, or somebody else's?")
    parser.add_argument("--key", help="the organiser's key as you know it from elsewhere")
    system = "ko" if os.environ.get("LANG", "").startswith("ko") else "en"
    parser.add_argument("--language", choices=("ko", "en"), default=system)
    parser.add_argument("--json", action="store_true", help="for programs")
    asked = parser.parse_args()
    receipts = [read(path) for path in asked.receipts]
    found = verify(read(asked.bundle), receipts, key=asked.key, email=asked.email, language=asked.language)
    if asked.json:
        print(json.dumps({"verdict": found.verdict, "lines": found.lines}, ensure_ascii=False))
    else:
        for line in found.lines:
            print(f"{MARKS[line['mark']]}  {line['text']}")
    sys.exit(EXITS[found.verdict])


SENTENCES |= {
    # the draw
    "key-agrees": ("ok", "The key is the one you know: {key}", "알고 계신 키와 같습니다: {key}"),
    "key-unconfirmed": (
        "warn",
        "Without a receipt or --key nobody says whose key this is; compare it with the one the organiser published: {key}",
        "접수증이나 --key가 없어 누구의 키인지 알 수 없습니다. 주최 측이 공개한 키와 비교하세요: {key}",
    ),
    "key-differs": (
        "no",
        "The bundle is signed with another key ({key}) than the one you know ({expected}).",
        "추첨 자료의 키({key})가 알고 계신 키({expected})와 다릅니다.",
    ),
    "rule-signed": (
        "ok",
        "The rule of the draw {draw} is signed; entries until {closes}.",
        "추첨 {draw}의 규칙에 서명이 있습니다. 접수 마감: {closes}",
    ),
    "rule-unsigned": ("no", "The rule's signature is not the key's.", "규칙의 서명이 이 키의 것이 아닙니다."),
    "checkpoint-signed": (
        "ok",
        "The roster was closed at {closed} with {size} entries under the root {root}; signed.",
        "명단은 {closed}에 {size}명으로 마감되었고 서명되었습니다. 루트: {root}",
    ),
    "checkpoint-unsigned": (
        "no",
        "The closing of the roster is not signed by the key.",
        "명단 마감 기록의 서명이 이 키의 것이 아닙니다.",
    ),
    "checkpoint-other": (
        "no",
        "The closed roster is that of another draw ({found}), not of {draw}.",
        "마감된 명단은 {draw}이 아니라 다른 추첨({found})의 것입니다.",
    ),
    "rule-changed": (
        "no",
        "The roster was closed under another rule than the bundle shows: the rule was changed.",
        "명단은 이 자료와 다른 규칙으로 마감되었습니다. 규칙이 바뀌었습니다.",
    ),
    "closed-early": (
        "no",
        "The roster was closed at {closed}, before entries were to end at {closes}.",
        "약속한 접수 마감({closes}) 전인 {closed}에 명단이 마감되었습니다.",
    ),
    "roster-holds": (
        "ok",
        "The published roster is the closed one: {size} entries, none twice.",
        "공개된 명단은 마감된 명단 그대로입니다: {size}명, 중복 없음",
    ),
    "roster-unsorted": (
        "no",
        "The roster is not in order, or holds an id twice.",
        "명단의 순서가 맞지 않거나 같은 번호가 두 번 있습니다.",
    ),
    "roster-short": (
        "no",
        "The roster was closed with {size} entries and shows {found}: somebody was dropped.",
        "{size}명으로 마감된 명단에 {found}명만 있습니다. 빠진 사람이 있습니다.",
    ),
    "roster-long": (
        "no",
        "The roster was closed with {size} entries and shows {found}: somebody was added afterwards.",
        "{size}명으로 마감된 명단에 {found}명이 있습니다. 마감 뒤에 추가된 사람이 있습니다.",
    ),
    "roster-changed": (
        "no",
        "The roster is not the one that was closed: an entry was exchanged.",
        "마감된 명단이 아닙니다. 바뀐 항목이 있습니다.",
    ),
    # where chance came from
    "drand-holds": (
        "ok",
        "drand round {round} came at {at}, after the closing, and is signed by the network; its chance is {value}.",
        "drand {round}회차는 마감 뒤인 {at}에 나왔고 네트워크의 서명이 맞습니다. 난수: {value}",
    ),
    "drand-wrong": (
        "no",
        "drand's network did not sign that as round {round}: the chance is made up.",
        "drand {round}회차의 서명이 아닙니다. 지어낸 난수입니다.",
    ),
    "drand-unchecked": (
        "warn",
        "drand's signature cannot be checked here. Compare: round {round} must have the randomness {value} at "
        "https://api.drand.sh/{chain}/public/{round} (or install py-arkworks-bls12381).",
        "여기서는 drand의 서명을 확인할 수 없습니다. https://api.drand.sh/{chain}/public/{round} 에서 {round}회차의 "
        "난수가 {value} 인지 비교하세요(또는 py-arkworks-bls12381을 설치하세요).",
    ),
    "drand-unknown": (
        "warn",
        "Round {round} is signed, but by a network that this verifier does not know ({chain}): it may be the organiser's.",
        "{round}회차의 서명은 맞지만 모르는 네트워크({chain})입니다. 주최 측의 것일 수 있습니다.",
    ),
    "source-too-early": (
        "no",
        "drand round {round} came at {at}, less than 10 minutes after the roster was closed at {closed}: the chance may "
        "have been known before.",
        "drand {round}회차는 {at}에 나와 명단 마감({closed})과 10분 이상 떨어져 있지 않습니다. 난수를 미리 알았을 수 있습니다.",
    ),
    "party-holds": (
        "ok",
        "{name} told what they had committed to before the first entry.",
        "{name}: 접수 전에 약속한 값을 공개했습니다.",
    ),
    "parties-alone": (
        "open",
        "Cannot be checked: whether these parties acted for themselves. One who did is enough; all of them together with the organiser could have chosen.",
        "확인할 수 없음: 이들이 서로 독립적인지. 한 곳만 독립적이면 충분하지만, 모두가 주최 측과 짜면 결과를 고를 수 있습니다.",
    ),
    "reveal-withheld": (
        "no",
        "{name} has not told their part: without it there is no seed, and the draw is void.",
        "{name}의 값이 공개되지 않았습니다. 시드가 없으므로 추첨은 무효입니다.",
    ),
    "reveal-wrong": (
        "no",
        "What {name} told is not what they had committed to.",
        "{name}이(가) 공개한 값은 약속한 값이 아닙니다.",
    ),
    "reveals-count": (
        "no",
        "The rule names {sources} sources of chance, the bundle has {found}.",
        "규칙의 난수 출처는 {sources}곳인데 자료에는 {found}곳이 있습니다.",
    ),
    "local-untrusted": (
        "warn",
        "UNTRUSTED: the organiser's own machine drew the chance, and may have drawn until it pleased. For demonstrations.",
        "신뢰할 수 없음: 주최 측 컴퓨터가 난수를 만들었으며 마음에 들 때까지 다시 뽑았을 수 있습니다. 시연용입니다.",
    ),
    "seed-holds": (
        "ok",
        "The seed follows from the closed roster and these sources: {seed}",
        "시드는 마감된 명단과 이 출처들에서 나옵니다: {seed}",
    ),
    "seed-wrong": (
        "no",
        "The seed does not follow from the closed roster and the sources; it would be {seed}. It was chosen.",
        "시드가 마감된 명단과 출처에서 나오지 않습니다. {seed} 이어야 합니다. 누군가 고른 시드입니다.",
    ),
    "ranks-hold": (
        "ok",
        "All {size} ranks follow from the seed.",
        "{size}명의 순위가 모두 시드에서 나옵니다.",
    ),
    "ranks-wrong": (
        "no",
        "The entry {id} is given rank {found}; from the seed it is {rank}. Ranks were exchanged.",
        "항목 {id}의 순위가 {found}(으)로 되어 있으나 시드에 따르면 {rank}입니다. 순위가 바뀌었습니다.",
    ),
    "ranks-count": (
        "no",
        "There are {found} ranks for {size} entries.",
        "{size}명에게 순위가 {found}개입니다.",
    ),
    "result-signed": ("ok", "The outcome is signed.", "결과에 서명이 있습니다."),
    "result-wrong": (
        "no",
        "What is signed as the outcome is not this outcome.",
        "서명된 결과가 이 결과가 아닙니다.",
    ),
    # the receipt
    "receipt-of": ("open", "Receipt of {identity}:", "{identity}의 접수증:"),
    "receipt-key": (
        "no",
        "The receipt is signed with another key ({key}) than the bundle ({expected}).",
        "접수증의 키({key})와 추첨 자료의 키({expected})가 다릅니다.",
    ),
    "receipt-forged": (
        "no",
        "The receipt is forged: its signature is not the organiser's.",
        "위조된 접수증입니다. 주최 측의 서명이 아닙니다.",
    ),
    "receipt-other": (
        "no",
        "The receipt is one of another draw ({found}), not of {draw}.",
        "{draw}이 아니라 다른 추첨({found})의 접수증입니다.",
    ),
    "receipt-rule": (
        "no",
        "When you entered another rule was in force than the bundle shows: the sources or times were changed, or this is a "
        "second draw. Keep both files: they are the proof.",
        "접수할 때의 규칙과 추첨 자료의 규칙이 다릅니다. 출처나 시각이 바뀌었거나 두 번째 추첨입니다. 두 파일이 증거이니 "
        "보관하세요.",
    ),
    "entry-signed": (
        "ok",
        "That you entered at {at} is signed.",
        "{at}에 접수되었다는 서명이 있습니다.",
    ),
    "id-holds": (
        "ok",
        "The id {id} is made of {identity} and your nonce: nobody else has it.",
        "번호 {id}은(는) {identity}와(과) 접수증의 난수로 만들어졌습니다. 다른 사람에게는 없는 번호입니다.",
    ),
    "id-wrong": (
        "no",
        "The id in this receipt is not made of {identity} and the nonce: it is another person's, told to two.",
        "접수증의 번호는 {identity}와(과) 난수로 만들어지지 않았습니다. 두 사람에게 알려 준 다른 사람의 번호입니다.",
    ),
    "email-unasked": (
        "open",
        "That holds for you only if {identity} is your own address (--email checks it).",
        "{identity}이(가) 본인의 주소일 때만 해당합니다(--email로 확인).",
    ),
    "email-holds": ("ok", "{identity} is your address.", "{identity}은(는) 본인의 주소입니다."),
    "email-other": (
        "no",
        "The receipt is made out to {identity}, and you are {email}: you were told another person's id.",
        "접수증은 {identity}의 것인데 본인의 주소는 {email}입니다. 다른 사람의 번호를 받았습니다.",
    ),
    "name-weaker": (
        "open",
        "Weaker than with an account: the site gave your browser its name, and could have given it to two.",
        "계정이 있는 추첨보다 약한 보장입니다. 브라우저의 이름은 사이트가 지어 주므로 두 곳에 같은 이름을 줄 수 있습니다.",
    ),
    "no-proof": (
        "open",
        "The receipt is from before the closing: it cannot tell whether you were shown this roster. Fetch it again before "
        "the seed exists.",
        "마감 전의 접수증이라 이 명단을 보여 주었는지는 알 수 없습니다. 시드가 나오기 전에 다시 받아 두세요.",
    ),
    "two-checkpoints": (
        "no",
        "You were shown another closed roster ({shown}) than the published one ({found}), both signed: a second draw. Keep "
        "both files: they are the proof.",
        "보여 준 명단({shown})과 공개된 명단({found})이 다르고 둘 다 서명되어 있습니다. 두 번째 추첨입니다. 두 파일이 "
        "증거이니 보관하세요.",
    ),
    "proof-wrong": (
        "no",
        "The receipt's proof does not lead to the root of the roster.",
        "접수증의 증명이 명단의 루트로 이어지지 않습니다.",
    ),
    "proof-holds": (
        "ok",
        "You are number {number} of {size} in the roster that you were shown before the seed.",
        "시드가 나오기 전에 보여 준 명단의 {size}명 중 {number}번째 항목입니다.",
    ),
    "dropped": (
        "no",
        "You entered at {at}, which is signed, and are not in the roster: you were dropped. Keep both files: they are the "
        "proof.",
        "{at}에 접수되었다는 서명이 있는데 명단에 없습니다. 명단에서 빠졌습니다. 두 파일이 증거이니 보관하세요.",
    ),
    "rank": ("ok", "Your rank: {rank} of {size}.", "순위: {size}명 중 {rank}번째"),
    "no-rank": (
        "open",
        "No rank follows from this bundle.",
        "이 자료에서는 순위가 나오지 않습니다.",
    ),
    "not-held": (
        "open",
        "The receipt was not looked at: there is nothing to hold it against.",
        "비교할 자료가 없어 접수증을 확인하지 않았습니다.",
    ),
    "same-id": (
        "no",
        "Two of these receipts have one id: it was told to two people.",
        "접수증 두 장의 번호가 같습니다. 두 사람에게 같은 번호를 알려 주었습니다.",
    ),
    "malformed": (
        "no",
        "A file is not written as it must be: '{what}'.",
        "파일의 형식이 맞지 않습니다: '{what}'",
    ),
    "signature-unchecked": (
        "warn",
        "This browser cannot check Ed25519 signatures; a newer one can, and so can verify.py.",
        "이 브라우저는 Ed25519 서명을 확인할 수 없습니다. 최신 브라우저나 verify.py로 확인하세요.",
    ),
    # never
    "open-people": (
        "open",
        "Cannot be checked: whether each entrant is one person, and may enter.",
        "확인할 수 없음: 접수한 사람이 모두 실제 한 사람인지, 자격이 있는지",
    ),
    "open-before": (
        "open",
        "Cannot be checked from files: that the closed roster was shown before chance came. Who kept a receipt with its proof "
        "from then knows.",
        "파일만으로는 확인할 수 없음: 난수보다 명단이 먼저 공개되었는지. 그때 받은 증명 있는 접수증을 가진 사람은 압니다.",
    ),
    "open-requests": (
        "open",
        "Cannot be checked: whether somebody asked to enter and was never answered.",
        "확인할 수 없음: 접수하려 했으나 답을 받지 못한 사람이 있는지",
    ),
    "open-elsewhere": (
        "open",
        "Cannot be checked: whether tickets were sold elsewhere, or the line was kept to these ranks.",
        "확인할 수 없음: 다른 곳에서 표가 팔렸는지, 입장이 이 순위대로 이루어졌는지",
    ),
    "verdict-holds": (
        "ok",
        "Everything that can be checked holds.",
        "확인할 수 있는 것은 모두 맞습니다.",
    ),
    "verdict-untrusted": (
        "warn",
        "What was checked holds, but not everything could be: read the lines with !!.",
        "확인한 것은 맞지만 확인하지 못한 것이 있습니다. !! 표시를 읽어 보세요.",
    ),
    "verdict-refused": ("no", "This does not hold: read the lines with NO.", "맞지 않습니다. NO 표시를 읽어 보세요."),
    "verdict-unreadable": ("no", "This cannot be read.", "읽을 수 없는 파일입니다."),
}

if __name__ == "__main__":
    main()
