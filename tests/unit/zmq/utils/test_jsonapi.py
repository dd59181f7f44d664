"""JSON as bytes, as pyzmq makes it."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest

Either = Callable[[str], ModuleType]


def test_there_and_back(either_module: Either) -> None:
    jsonapi = either_module("jsonapi")
    value = {"text": "\xe9", "list": [1, 2.5, None, True]}
    data = jsonapi.dumps(value)
    assert data == b'{"text": "\\u00e9", "list": [1, 2.5, null, true]}'
    assert jsonapi.loads(data) == jsonapi.loads(data.decode()) == value
    assert jsonapi.jsonmod is json


def test_arguments_are_those_of_json(either_module: Either) -> None:
    jsonapi = either_module("jsonapi")
    assert jsonapi.dumps({"b": 1, "a": "\xe9"}, sort_keys=True, ensure_ascii=False) == (
        b'{"a": "\xc3\xa9", "b": 1}'
    )
    assert jsonapi.loads(b"[1.5]", parse_float=str) == ["1.5"]


def test_what_is_no_json(either_module: Either) -> None:
    jsonapi = either_module("jsonapi")
    for data in (b"{", "{"):
        with pytest.raises(json.JSONDecodeError):
            jsonapi.loads(data)
    with pytest.raises(UnicodeDecodeError):
        jsonapi.loads(b"\xff")
    with pytest.raises(TypeError):
        jsonapi.dumps(object())
