"""Recognise secrets by the name of a variable, key, header or option."""

from __future__ import annotations

import re
from functools import lru_cache


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET_WORDS = words(
    """
    pass passwd password pwd passphrase passcode pat cookie cred credential secret token key apikey webhook auth
    oauth authorization bearer jwt otp sid sessionid pw pin psk sas mnemonic salt pepper hmac fernet login keypair
    passwort kennwort passwrd contrasena senha wachtwoord
    """
)
"""In the singular; the plural counts too."""
_ENDINGS = (
    *("password", "passwort", "passwd", "passphrase", "rootpw", "dbpw"),
    *("secret", "token", "apikey", "credential", "cookie", "webhook"),
)
"""Ends of compound words: ``PGPASSWORD``, ``authtoken``."""
_PAIRS = frozenset(
    {
        *(("access", "id"), ("seed", "phrase"), ("totp", "seed"), ("mfa", "seed"), ("recovery", "code")),
        *(("backup", "code"), ("connection", "string"), ("conn", "str"), ("de", "passe")),
    }
)
"""Pairs of words that mean a secret, in the singular."""
_ONLY_LAST = frozenset({"pin", "salt", "pepper", "login", "sas", "pw"})
"""Words that mean a secret only at the end of a name: ``USER_PIN``, not ``PIN_MEMORY``."""
_SPECIAL_TOKENS = words(
    """
    eos bos pad unk sep cls mask stop special image video audio draft
    """
)
"""Words before ``token`` that name a special token: ``eos_token_id``."""
_KEY_KINDS = tuple(words("secret private access master auth sign signing ssh license encryption salt"))
_NO_PASS = frozenset({"askpass", "bypass", "compass", "surpass", "trespass", "encompass", "overpass", "underpass"})
_COUNT_WORDS = words(
    """
    max min num n count counts limit limits budget total input output prompt completion thinking context ctx cache
    cached batched used usage window per estimate estimated remaining reserved generated reasoning length len size
    rate throughput second seconds minute hour day
    """
)
"""Words beside ``tokens`` that make it a number of tokens."""
_OTHER_KEYS = words(
    """
    public primary foreign sort cache partition lookup idempotency shortcut hot key
    """
)
"""Words before ``key`` that make it something other than a secret."""
_AFTER_KEY = frozenset({"alias", "hash", "bindings", "binding", "board", "error", "errors"})
_DESCRIPTIONS = words(
    """
    path file filename dir directory folder url uri endpoint host ttl ms seconds timeout expiry expires expiration
    interval count limit size length version name alias type mode method header parser hash helper refresh enabled
    disabled required sock socket algo algorithm
    """
)
"""Last words of names that describe a secret. Their values are masked too, except paths, amounts and labels."""
_SWITCHES = words(
    """
    no disable enable use skip allow require is has hide show without
    """
)

PROSE = words(
    """
    a all also an answers and any are as at be been before but by can cannot comes for from goes has have here holds if
    in into is it its may must needs never no none not nor of on one only or other others set so stands than that the
    then there they this to too was were what when where which will with without works yet your auth authentication
    bearer basic header headers token tokens key keys scheme value values file option options variable takes asks
    sends sent missing invalid required wrong unknown who expired empty given accepted refused rejected
    unset needed first failed succeeded
    """
)
"""Words that follow ``Bearer``, ``--api-key`` or ``token:`` in a sentence about them."""

PLACEHOLDERS = words(
    """
    dummy empty placeholder not-needed no-key-required sk-1234 sk-none sk-dummy sk-xxx sk-xxxx sk-local
    sk-no-key-required sk-write-a-key-of-your-own
    """
)
"""Keys from the documentation of vLLM, LiteLLM and others: publicly known."""
_NO_SECRETS = words("true false null none undefined on off yes no bearer basic optional required") | {""}
_PUBLIC = _NO_SECRETS | PLACEHOLDERS
_MASKED = re.compile(r"[*•.…x]+")
_REFERENCE = re.compile(r"os\.environ/\w+|\$\{[A-Z_][A-Z0-9_]*\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|\{\{[\w .]+\}\}")
"""Refers to a secret and is not one itself."""
_KEY_FILE = re.compile(r"(?:~|\.{1,2}|\$HOME|\$\{HOME\}|[A-Za-z]:)?[/\\][^\s]*\.(?:pem|key|crt|cer|p12|pfx|jks)")
"""The path of a key or certificate."""
_PATH = re.compile(r"(?:~|\.{1,2}|\$HOME|\$\{HOME\}|[A-Za-z]:)?[/\\][^\s]*")
_AMOUNT = re.compile(r"\d+(?:\.\d+)? ?(?:ms|s|m|h|d)?")
_LABEL = re.compile(r"[A-Za-z][A-Za-z_./ -]{0,60}")
_WEB = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_KEY_COMMANDS = words(
    """
    gcpauthrefresh awscredentialexport awsauthrefresh otelheadershelper headershelper apikeyhelper
    """
)
_HARMLESS_HEADERS = words(
    """
    accept accept-encoding accept-language anthropic-beta anthropic-version cache-control connection
    content-encoding content-length content-type date host server user-agent x-app
    """
)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``auth`` and ``token`` of ``authToken_2``."""
    return tuple(word.lower() for word in _WORD.findall(name[:200]))


def is_secret_name(name: str) -> bool:
    """Return whether a variable, key, header or option of this name holds a secret.

    ``MAX_OUTPUT_TOKENS`` is a count, ``tokenizer`` and ``monkey`` are other words, ``apiKeyHelper`` is a command.

    >>> is_secret_name("ANTHROPIC_AUTH_TOKEN"), is_secret_name("MAX_OUTPUT_TOKENS")
    (True, False)
    """
    if name in {"PWD", "OLDPWD"} or is_key_command(name):
        return False
    return _means_secret(name.rstrip("0123456789"))


@lru_cache(maxsize=4096)
def _means_secret(name: str) -> bool:
    """Return whether one of the words of a name means a secret."""
    words = words_of(name)
    return any(_is_secret_word(words, at) for at in range(len(words)))


def is_secret(name: str, value: str) -> bool:
    """Return whether a value is a secret by its name; a switch, a reference or the path of a key file is not."""
    return is_secret_name(name) and not is_harmless(name, value)


def is_harmless(name: str, value: str) -> bool:
    """Return whether a value under a secret's name is not a secret: ``false``, ``os.environ/KEY``."""
    bare = value.strip()
    if bare.lower() in _PUBLIC or _REFERENCE.fullmatch(bare) or _MASKED.fullmatch(bare):
        return True
    words = words_of(name)
    last = words[-1] if words else ""
    if (last in {"tokens", "keys"} and bare.isdigit()) or _KEY_FILE.fullmatch(bare):
        return True
    if last == "login":
        return ":" not in bare and not re.search(r"[A-Za-z]\d|\d[A-Za-z]", bare)
    if last not in _DESCRIPTIONS:
        return False
    if last in {"url", "uri", "endpoint"}:
        return "webhook" not in words and "webhooks" not in words and _WEB.match(bare) is not None
    return any(kind.fullmatch(bare) for kind in (_PATH, _AMOUNT)) or (
        last in {"name", "alias", "type", "mode", "method", "header", "parser"} and _LABEL.fullmatch(bare) is not None
    )


def is_switch(option: str) -> bool:
    """Return whether an option is a switch and takes no value: ``--no-auth``."""
    words = words_of(option)
    return bool(words) and words[0] in _SWITCHES


def is_key_command(name: str) -> bool:
    """Return whether a setting is a command that prints a key: ``apiKeyHelper``."""
    return name.lower() in _KEY_COMMANDS


def holds_headers(name: str) -> bool:
    """Return whether a setting holds headers: ``ANTHROPIC_CUSTOM_HEADERS``, ``headers``."""
    return "headers" in name.lower() and words_of(name)[-1:] == ("headers",)


def is_harmless_header(name: str) -> bool:
    """Return whether the value of a header may be shown; that of an unknown header may not."""
    return name.strip().lower() in _HARMLESS_HEADERS or name.strip().lower().startswith("x-stainless-")


def _is_secret_word(words: tuple[str, ...], at: int) -> bool:
    word = words[at]
    single = word if word in _SECRET_WORDS or word.endswith("ss") else word.removesuffix("s")
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if single == "token":
        return not (_COUNT_WORDS & {before, after}) and before not in _SPECIAL_TOKENS and after != "ids"
    if single == "key":
        return before not in _OTHER_KEYS and after not in _AFTER_KEY
    if (before, single) in _PAIRS:
        return True
    if single in _SECRET_WORDS:
        return single not in _ONLY_LAST or not after
    if single.endswith("token"):
        return not single.endswith("detoken")
    if single.endswith("pass"):
        return single not in _NO_PASS
    return single.endswith(_ENDINGS) or (single.endswith("key") and single.startswith(_KEY_KINDS))
