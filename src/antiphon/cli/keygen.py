"""``antiphon keygen``: a CURVE key pair as certificate files."""

import json
import reprlib
import sys

import click

from antiphon.cli.usage import Command, Taken
from antiphon.errors import ZMQError
from antiphon.zmq.auth.certs import write_certificates
from antiphon.zmq.curve import curve_keypair

__all__ = ("keygen",)


class _FileName(Taken):
    """The name of files in a folder, without the folder."""

    name = "name"
    takes = "a name for the files, such as server"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the name. Raises BadParameter for one that says a folder too."""
        text = str(value)
        if not text or text.startswith(".") or any(c in text for c in "/\\\0"):
            hint = "the folder is for --folder to say"
            self.fail(f"takes {self.takes}, not {reprlib.repr(text)}: {hint}", param, ctx)
        return text


@click.command(cls=Command, epilog="Example: antiphon keygen server --folder keys")
@click.argument("name", type=_FileName())
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, writable=True),
    default=".",
    show_default=True,
    help="Where the files go; it must be there.",
)
@click.option("--force", is_flag=True, help="Replace files of that name: their keys are lost.")
@click.option("--show-secret", is_flag=True, help="Print the secret key too.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def keygen(name: str, folder: str, force: bool, show_secret: bool, as_json: bool) -> None:
    """Make a CURVE key pair and write it to NAME.key and NAME.key_secret.

    NAME.key is for peers: clients need the server's, and a server's folder of certificates those
    of its clients. NAME.key_secret stays here; only its owner may read it. The exit status is 1 if
    a file is there already or cannot be written.
    """
    try:
        public, secret = curve_keypair()
        files = write_certificates(folder, name, public, secret, None, replace=force)
    except FileExistsError as error:
        print(
            f"antiphon keygen: {error}: --force replaces it, and its key is lost", file=sys.stderr
        )
        raise SystemExit(1) from None
    except (OSError, ZMQError) as error:
        print(f"antiphon keygen: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    made = {
        "public_key": public.decode(),
        "public_file": files[0],
        "secret_file": files[1],
    }
    if show_secret:
        made["secret_key"] = secret.decode()
    if as_json:
        print(json.dumps(made))
        return
    for key, value in made.items():
        print(f"{key.replace('_', ' '):<12}{value}")
