"""The scrub in plain Python, over decoded JSON: slow, without a table, and the judge of the compiled one."""

import re
from itertools import pairwise
from typing import Any

from data_contracts.scrub_words import (
    FILE_ENDINGS,
    LABEL_TYPES,
    LEFT_ATTRIBUTES,
    SECRET_NAMES,
    SECRET_PARAMETERS,
    SECRETS,
)

LETTER = "A-Za-zÀ-\u07ff"
SHORT = '"\\/\b\f\n\r\t'  # what JSON may write as a backslash and one more
SEPARATOR = "[ +\\-\u00a0\u2009\u202f\u2010-\u2013]"
NUMBERS = re.compile(f"[0-9]+(?:{SEPARATOR}[0-9]+)*")
NAME_CODES = "2[45dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAbBdDfF]|6[1-9a-fA-F]|7[0-9aA]"  # after %
NAME = rf"(?:[A-Za-z0-9_.\[\]$-]|%(?:{NAME_CODES}|(?![0-9a-fA-F]{{2}})))"
BREAK = re.compile(f"%(?!{NAME_CODES}|3[dD])[0-9a-fA-F]{{2}}")
PLACE = re.compile(rf'(?P<name>{NAME}+)?(?:(?P<equals>=|%3[dD])|(?P<member>(?=[\\"]))|(?P<scheme>://))')
VALUE = re.compile(r"""[^&#;"'<>`\x00-\x20]*""")
NESTED = re.compile(r"""(?:[^&#;"'<>`\x00-\x20%]|%(?!2[02367]|3[bBcCeE]|60|[01][0-9a-fA-F]))*""")
DOMAIN = re.compile(f"[{LETTER}0-9_-]+(?:\\.[{LETTER}0-9_-]+)*")
LOCAL = re.compile(f"[{LETTER}0-9._+%*-]*\\Z")


def mask(text: str) -> str:
    """Each character masked, as inside a text."""
    return "".join(
        "/"
        if one in SHORT
        else "*"
        if one < "\x80"
        else "·"
        if one < "\u0800"
        else "•"
        if one < "\U00010000"
        else "🞄"
        for one in text
    )


def mask_whole(text: str) -> str:
    """Each character masked, as of a field; JSON that writes slashes plainly is assumed."""
    return mask(text.replace("/", "*"))


# Card numbers


def issued(digits: str) -> bool:
    first, n = int(digits[:4]), len(digits)
    ranges = [
        (4000, 4999, {13, 16, 19}),
        (5100, 5599, {16}), (2221, 2720, {16}), (9792, 9792, {16}),
        (3400, 3499, {15}), (3700, 3799, {15}),
        (3000, 3059, range(14, 20)), (3095, 3095, range(14, 20)), (3600, 3699, range(14, 20)),
        (3800, 3999, range(14, 20)),
        (3528, 3589, range(16, 20)), (2200, 2204, range(16, 20)), (8100, 8299, range(16, 20)),
        (5000, 5099, range(13, 20)), (5600, 5899, range(13, 20)), (6000, 6999, range(13, 20)),
    ]  # fmt: skip
    return any(low <= first <= high and n in lengths for low, high, lengths in ranges)


def luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def cards(text: str) -> str:
    out = list(text)
    for run in NUMBERS.finditer(text):
        groups = [(run.start() + g.start(), run.start() + g.end()) for g in re.finditer("[0-9]+", run[0])]
        i = 0
        while i < len(groups):
            start = groups[i][0]
            may_begin = not re.search(rf"(?:[{LETTER}0-9_]|(?<![{LETTER}])\.)\Z", text[:start])
            for j in range(len(groups), i, -1):
                part = groups[i:j]
                digits = "".join(text[a:b] for a, b in part)
                ends = not re.match(rf"[{LETTER}0-9_]|\.[0-9]", text[part[-1][1] :])
                whole = all(b - a >= 3 for a, b in part[:-1]) and 13 <= len(digits) <= 19
                if may_begin and ends and whole and luhn(digits) and issued(digits):
                    for a, b in part:
                        out[a:b] = "*" * (b - a)
                    i = j
                    break
            else:
                i += 1
    return "".join(out)


# Secrets


def is_secret(name: str, parameter: bool) -> bool:
    parts = re.split(r"%[0-9A-Fa-f]{2}", name)
    runs = [run for part in parts for run in re.findall(r"[A-Z]*[a-zÀ-\u07ff]*", part) if run]
    words = [re.sub("[A-Z]", lambda m: m[0].lower(), run) for run in runs]
    pairs = [one + other for one, other in pairwise(words)]
    wholes = [
        re.sub("[_-]", "", one)
        for part in parts
        for one in re.findall(f"[{LETTER}0-9_-]+", part)
        if one.strip("_-")
    ]
    whole = re.sub("[A-Z]", lambda m: m[0].lower(), wholes[-1]) if wholes else ""
    known = {*SECRET_NAMES.split(), *(SECRET_PARAMETERS.split() if parameter else ())}
    return bool({*words} & {*SECRETS.split()} or {*pairs} & {*SECRET_NAMES.split()}) or whole in known


def quoted(text: str, begin: int, quote: str, slashes: int) -> int:
    end = re.compile(rf"(?<!\\)\\{{0,{slashes}}}{quote}").search(text, begin)
    return end.start() if end else len(text)


def secrets(text: str) -> str:
    out, at = text, 0
    plain = BREAK.sub("   ", text)
    while at < len(text) and (place := PLACE.search(plain, at)):
        name, begin, end = place["name"] or "", -1, -1
        if 0 < len(name) <= 128 and is_secret(name, bool(place["equals"])):
            if place["equals"]:
                begin = place.end()
                opening = re.compile(r"(\\*)([\"'])").match(text, begin)
                if opening:
                    begin = opening.end()
                    end = quoted(text, begin, opening[2], len(opening[1]))
                else:
                    end = (NESTED if place["equals"] != "=" else VALUE).match(text, begin).end()
            elif place["member"] is not None:
                colon = re.compile(r'\\*"[\x00- ]*:[\x00- ]*').match(text, place.end())
                if colon:
                    opening = re.compile(r'(\\*)"').match(text, colon.end())
                    number = re.compile("[0-9-]+").match(text, colon.end())
                    if opening:
                        begin, end = opening.end(), quoted(text, opening.end(), '"', len(opening[1]))
                    elif number:
                        begin, end = number.span()
        if place["scheme"]:
            authority = re.compile(r"""[^/?#"'<>`\\\x00-\x20]*""").match(text, place.end())
            if "@" in authority[0]:
                begin, end = place.end(), place.end() + authority[0].rindex("@")
        if end > begin >= 0:
            out = out[:begin] + mask(text[begin:end]) + out[end:]
        at = max(end, place.end()) if end >= 0 else place.end() + (place["member"] is not None)
    return out


# E-mail addresses


def domain_end(text: str, begin: int) -> int:
    domain = DOMAIN.match(text, begin)
    labels = domain[0].split(".") if domain else []
    for n in range(len(labels), 1, -1):
        last = labels[n - 1]
        ending = re.sub("[A-Z]", lambda m: m[0].lower(), last)
        if len(last) > 1 and re.match(f"[{LETTER}]", last) and ending not in FILE_ENDINGS.split():
            return begin + len(".".join(labels[:n]))
    return -1


def emails(text: str) -> str:
    out, free = text, 0
    for sign in re.finditer("@|%40", text):
        if sign.start() < free:
            continue
        local = LOCAL.search(text[free : sign.start()])[0]
        end = domain_end(text, sign.end()) if local.strip("*") else -1
        free = sign.end() if end < 0 else end
        if end >= 0:
            begin = sign.start() - len(local)
            out = out[:begin] + mask(text[begin:end]) + out[end:]
    return out


def search(text: str) -> str:
    """What is left of a text that is searched."""
    return emails(secrets(cards(text)))


# Places


def anything(value: Any, key: str = "", outer: bool = False) -> Any:
    hidden = outer or (key != "" and is_secret(key, False))
    if isinstance(value, str):
        return mask_whole(value) if hidden else search(value)
    if isinstance(value, list):
        return [anything(one, "", hidden) for one in value]
    if isinstance(value, dict):
        return {name: anything(one, name, hidden) for name, one in value.items()}
    return value


def other(value: Any) -> Any:
    """A member of an event or node that has no meaning here."""
    return search(value) if isinstance(value, str) else anything(value)


def attributes(value: Any, is_field: bool) -> Any:
    if not isinstance(value, dict):
        return other(value)
    is_label = str(value.get("type", "")).lower() in LABEL_TYPES.split()
    out = {}
    for name, one in value.items():
        if not isinstance(one, str):
            out[name] = one
        elif name in ("value", "rr_value"):
            out[name] = mask_whole(one) if is_field and not is_label else search(one)
        else:
            out[name] = one if name == "type" or name.lower() in LEFT_ATTRIBUTES else search(one)
    return out


def node(value: Any, parent: str = "") -> Any:
    if not isinstance(value, dict):
        return other(value)
    out = {}
    tag = str(value.get("tagName", "")).lower()
    for name, one in value.items():
        if name == "tagName":
            out[name] = one
        elif name == "attributes":
            out[name] = attributes(one, tag in ("input", "textarea", "select"))
        elif name == "childNodes" and isinstance(one, list):
            out[name] = [node(child, tag) for child in one]
        elif name == "textContent" and parent == "textarea":
            out[name] = mask_whole(one)
        elif name == "textContent" and parent == "style":
            out[name] = one
        else:
            out[name] = other(one)
    return out


LEFT = {"tag", "plugin", "level", "url", "rule", "styles", "set", "family", "fontSource", "buffer", "replace"}


def data(value: dict[str, Any]) -> dict[str, Any]:
    out = {}
    for name, one in value.items():
        if name == "text" and isinstance(one, str):
            out[name] = mask_whole(one)
        elif name in LEFT:
            out[name] = one
        elif name == "node" and isinstance(one, dict):
            out[name] = node(one)
        elif name == "adds":
            out[name] = [
                {k: node(v) if k == "node" else v if k in LEFT else other(v) for k, v in add.items()}
                for add in one
            ]
        elif name == "attributes":
            out[name] = [
                {k: attributes(v, True) if k == "attributes" else other(v) for k, v in change.items()}
                for change in one
            ]
        else:
            out[name] = other(one)
    return out


NAMES = {"type", "element", "form", "sessionId", "windowId", "window_id", "source", "v", "cv"}


def event(value: dict[str, Any]) -> dict[str, Any]:
    """An event as the scrub must leave it."""
    return {
        name: one if name in NAMES else data(one) if name == "data" and isinstance(one, dict) else other(one)
        for name, one in value.items()
    }
