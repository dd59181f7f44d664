"""Certificate files: pyzmq reads ours, we read its, and secrets are for their owner."""

import errno
import logging
import os
import stat
from pathlib import Path

import pytest
import zmq.auth as pyzmq_auth

import antiphon.zmq as zmq
from antiphon.zmq.auth import create_certificates, load_certificate, load_certificates
from antiphon.zmq.auth.certs import readable_by_others, write_certificates


def test_pyzmq_reads_what_is_written(tmp_path: Path) -> None:
    public, secret = create_certificates(tmp_path, "server", {"name": "The server"})
    assert (public, secret) == (str(tmp_path / "server.key"), str(tmp_path / "server.key_secret"))
    assert pyzmq_auth.load_certificate(secret) == load_certificate(secret)
    assert pyzmq_auth.load_certificate(public) == load_certificate(public)
    assert load_certificate(public)[1] is None
    key, its_secret = load_certificate(secret)
    assert its_secret is not None
    assert zmq.curve_public(its_secret) == key
    assert pyzmq_auth.load_certificates(tmp_path) == load_certificates(tmp_path) == {key: True}


def test_what_pyzmq_writes_is_read(tmp_path: Path) -> None:
    _, secret = pyzmq_auth.create_certificates(tmp_path, "client", {"email": "a@b"})
    assert load_certificate(secret) == pyzmq_auth.load_certificate(secret)


def test_only_the_owner_reads_a_secret_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        (tmp_path / "id.key_secret").touch(0o666)
        public, secret = create_certificates(tmp_path, "id")
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(secret).st_mode) == 0o600
    assert not readable_by_others(secret)
    assert readable_by_others(public)
    assert sorted(os.listdir(tmp_path)) == ["id.key", "id.key_secret"]


def test_a_secret_that_others_may_read_is_loaded_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = create_certificates(tmp_path, "id")
    load_certificate(secret)
    assert caplog.records == []
    os.chmod(secret, 0o640)
    _, key = load_certificate(secret)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "chmod 600" in record.getMessage()
    assert key is not None
    assert key.decode() not in record.getMessage()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no public-key"),
        ('curve\n    secret-key = "x"\n', "there is no public-key"),
        ('#    public-key = "x"\n', "there is no public-key"),
        ('curve\n    public-key = "too short"\n', "40 characters"),
        ('curve\n    public-key = "' + "\\" * 40 + '"\n', "40 characters"),
    ],
)
def test_what_is_no_certificate_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "bad.key"
    path.write_text(text)
    with pytest.raises(ValueError, match=why):
        load_certificate(path)
    with pytest.raises(ValueError, match=r"bad\.key"):
        load_certificates(tmp_path)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        load_certificate(tmp_path / "nowhere.key")
    with pytest.raises(OSError, match="nowhere"):
        load_certificates(tmp_path / "nowhere")


def test_files_are_kept_where_they_are_not_to_be_replaced(tmp_path: Path) -> None:
    public, secret = zmq.curve_keypair()
    create_certificates(tmp_path, "id")
    before = load_certificate(tmp_path / "id.key_secret")
    with pytest.raises(FileExistsError, match=r"id\.key"):
        write_certificates(tmp_path, "id", public, secret, None, replace=False)
    assert load_certificate(tmp_path / "id.key_secret") == before


@pytest.mark.parametrize("metadata", [{"a": 'b"'}, {"a\n": "b"}, {"": "b"}, {"a": "b\r"}])
def test_metadata_cannot_break_out_of_its_line(tmp_path: Path, metadata: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="metadata"):
        create_certificates(tmp_path, "id", metadata)
    assert os.listdir(tmp_path) == []


def test_key_pairs_are_pyzmqs() -> None:
    public, secret = zmq.curve_keypair()
    assert zmq.curve_public(secret) == zmq.curve_public(secret.decode()) == public
    assert len(public) == len(secret) == 40
    assert zmq.has("curve")
    for bad in ("", "x" * 39, b"\\" * 40):
        with pytest.raises(ValueError, match="40 characters"):
            zmq.curve_public(bad)


def test_where_files_have_one_name_only_they_are_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(_source: str, _target: str) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    public, secret = zmq.curve_keypair()
    files = write_certificates(tmp_path, "id", public, secret, None, replace=False)
    assert load_certificate(files[1]) == (public, secret)
    assert stat.S_IMODE(os.stat(files[1]).st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["id.key", "id.key_secret"]
    with pytest.raises(FileExistsError):
        write_certificates(tmp_path, "id", public, secret, None, replace=False)
    assert load_certificate(files[1]) == (public, secret)


@pytest.mark.parametrize("replace", [False, True])
def test_where_modes_are_not_kept_no_secret_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool
) -> None:
    opened = os.open

    def open_for_all(path: str, flags: int, _mode: int) -> int:
        descriptor = opened(path, flags)
        os.fchmod(descriptor, 0o755)
        return descriptor

    monkeypatch.setattr(os, "open", open_for_all)
    with pytest.raises(PermissionError, match="others could read the secret"):
        write_certificates(tmp_path, "id", *zmq.curve_keypair(), None, replace=replace)
    assert os.listdir(tmp_path) == []
