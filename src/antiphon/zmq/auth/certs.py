"""Certificate files: a CURVE key pair as text in ZPL, as CZMQ and pyzmq read and write it.

The public part is in NAME.key, both parts are in NAME.key_secret, which only its owner may read.
"""

import datetime as dt
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from antiphon.errors import EACCES
from antiphon.keys import KEY_SIZE, z85_decode
from antiphon.zmq.curve import curve_keypair

__all__ = (
    "create_certificates",
    "load_certificate",
    "load_certificates",
    "readable_by_others",
    "write_certificates",
)

_LOG: Final = logging.getLogger("antiphon.zmq.auth")

_PUBLIC_BANNER: Final = """\
#   ****  Generated on {now} by Antiphon  ****
#   CURVE public certificate: give it to peers in a way that nobody can tamper with.
"""
_BOTH_BANNER: Final = """\
#   ****  Generated on {now} by Antiphon  ****
#   CURVE **secret** certificate: keep it to yourself, readable by its owner only.
"""
_OTHERS: Final = 0o077


def create_certificates(
    key_dir: str | os.PathLike[str], name: str, metadata: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Make a key pair and write it to ``name``.key and ``name``.key_secret in a folder.

    Files of these names are replaced, as pyzmq does. Returns the paths of the public and the secret
    certificate. Raises OSError, and ZMQError (ENOTSUP) without PyNaCl.
    """
    public, secret = curve_keypair()
    return write_certificates(key_dir, name, public, secret, metadata, replace=True)


def write_certificates(
    key_dir: str | os.PathLike[str],
    name: str,
    public: bytes,
    secret: bytes,
    metadata: Mapping[str, str] | None,
    *,
    replace: bool,
) -> tuple[str, str]:
    """Write a key pair in Z85 as two certificates; returns their paths, the public one first.

    Raises FileExistsError, before anything is written, if one is there and may not be replaced.
    """
    base = os.path.join(key_dir, name)
    public_path, secret_path = f"{base}.key", f"{base}.key_secret"
    if not replace:
        for path in (public_path, secret_path):
            if os.path.lexists(path):
                raise FileExistsError(f"{path} exists already")
    now = dt.datetime.now(dt.UTC).isoformat(" ", "seconds")
    # The secret first: if it cannot be written, no public key without one is left behind.
    secret_text = _zpl(_BOTH_BANNER.format(now=now), public, secret, metadata or {})
    _write(secret_path, secret_text, 0o600, replace=replace)
    public_text = _zpl(_PUBLIC_BANNER.format(now=now), public, b"", metadata or {})
    _write(public_path, public_text, 0o644, replace=replace)
    return public_path, secret_path


def _zpl(banner: str, public: bytes, secret: bytes, metadata: Mapping[str, str]) -> str:
    lines = [banner, "metadata"]
    for name, value in metadata.items():
        if not name or any(c in f"{name}{value}" for c in '\r\n"'):
            raise ValueError(f"metadata {name!r}: names and values have no line ends nor quotes")
        lines.append(f'    {name} = "{value}"')
    lines += ["curve", f'    public-key = "{public.decode()}"']
    if secret:
        lines.append(f'    secret-key = "{secret.decode()}"')
    return "\n".join(lines) + "\n"


def _write(path: str, text: str, mode: int, *, replace: bool) -> None:
    """Write a file beside its place, then put it there: it is never there in part.

    Where files have no second name (FAT, some network folders), one that replaces none is written
    in its place. Raises PermissionError, with nothing written, where others could read a file that
    is not for them.
    """
    draft = f"{path}.{os.getpid()}.new"
    _write_new(draft, text, mode)
    try:
        if replace:
            os.replace(draft, path)
            return
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:
            _write_new(path, text, mode)
    finally:
        Path(draft).unlink(missing_ok=True)


def _write_new(path: str, text: str, mode: int) -> None:
    """Write a file that is not there yet; none is left where that fails."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            # Some file systems keep no modes.
            if not mode & _OTHERS and os.fstat(descriptor).st_mode & _OTHERS:
                folder = os.path.dirname(path) or "."
                why = "others could read the secret there: choose a folder that keeps modes"
                raise PermissionError(EACCES, why, folder)
            file.write(text)
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def load_certificate(filename: str | os.PathLike[str]) -> tuple[bytes, bytes | None]:
    """Return the public and the secret key of a certificate, in Z85; None for one without secret.

    A secret that others may read is logged as a warning. Raises OSError if there is no such file,
    ValueError if it has no public key, or a key that is none.
    """
    keys: dict[bytes, bytes] = {}
    with open(filename, "rb") as file:
        for line in file:
            name, equals, value = line.strip().partition(b"=")
            if equals and not name.startswith(b"#"):
                keys.setdefault(name.strip(), value.strip(b" \t'\""))
    public, secret = keys.get(b"public-key"), keys.get(b"secret-key")
    if public is None:
        raise ValueError(f"{os.fspath(filename)}: there is no public-key in it")
    for key in (public, secret):
        if key is not None and len(z85_decode(key)) != KEY_SIZE:
            raise ValueError(f"{os.fspath(filename)}: a key in it is not 40 characters of Z85")
    if secret is not None and readable_by_others(filename):
        _LOG.warning("%s: others may read this secret key: chmod 600 it", os.fspath(filename))
    return public, secret


def readable_by_others(filename: str | os.PathLike[str]) -> bool:
    """Tell whether a file's mode lets anybody but its owner in. Raises OSError."""
    return bool(os.stat(filename).st_mode & _OTHERS)


def load_certificates(directory: str | os.PathLike[str] = ".") -> dict[bytes, bool]:
    """Return the public keys, in Z85, of all files in a folder whose names end in ``.key``.

    Raises OSError if there is no such folder, ValueError if one of the files has no public key.
    """
    names = [name for name in os.listdir(directory) if name.endswith(".key")]
    return {load_certificate(os.path.join(directory, name))[0]: True for name in names}
