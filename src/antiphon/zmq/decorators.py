"""Decorators that give a function a context or a socket for each call, under pyzmq's names.

::

    @context()
    @socket(zmq.PUSH)
    def send(message, context, push): ...

The object follows the arguments of the call, or has the name that the decorator was given. It
ends with the call.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from antiphon.zmq.context import BaseContext, Context

__all__ = ("context", "socket")

T = TypeVar("T")
_Decorator = Callable[[Callable[..., T]], Callable[..., T]]


def context(*args: Any, **kwargs: Any) -> _Decorator[Any]:
    """Give a function a new Context with each call.

    A text as the first argument, or ``name``, is the keyword it is given as; the others are those
    of Context(). The call raises TypeError if it has an argument of that name already.
    """
    name, args = _take_name(args, kwargs)

    def make(_call: tuple[Any, ...], _keywords: dict[str, Any]) -> Context:
        return Context(*args, **kwargs)

    return _decorator(name, make)


def socket(*args: Any, **kwargs: Any) -> _Decorator[Any]:
    """Give a function a new socket with each call.

    A text as the first argument, or ``name``, is the keyword it is given as; the others are those
    of Context.socket(). The context is the argument of the call whose keyword is ``context_name``
    (``"context"``), else the first that is a Context, else Context.instance(). The call raises
    TypeError if it has an argument called ``name`` already.
    """
    context_name = kwargs.pop("context_name", "context")
    name, args = _take_name(args, kwargs)

    def make(call: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return _find_context(call, keywords, context_name).socket(*args, **kwargs)

    return _decorator(name, make)


def _take_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str | None, tuple[Any, ...]]:
    """Take the keyword out of a decorator's arguments; returns it, and what is left in order."""
    if isinstance(kwargs.get("name"), str):
        return kwargs.pop("name"), args
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return None, args


def _find_context(call: tuple[Any, ...], keywords: dict[str, Any], name: str) -> BaseContext[Any]:
    for argument in (keywords.get(name), *call):
        if isinstance(argument, BaseContext):
            return argument
    return Context.instance()


def _decorator(
    name: str | None, make: Callable[[tuple[Any, ...], dict[str, Any]], Any]
) -> _Decorator[T]:
    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> T:
            if name in kwargs:
                raise TypeError(
                    f"{function.__name__}() was given {name!r}, which a decorator gives"
                )
            with make(args, kwargs) as made:
                if name is None:
                    return function(*args, made, **kwargs)
                return function(*args, **kwargs, **{name: made})

        return call

    return decorate
