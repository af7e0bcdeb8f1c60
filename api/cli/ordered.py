"""Order on the command line: texts and pictures of a question, as they were given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperCommand

_ORDER = "api.cli.ordered"


class OrderedCommand(TyperCommand):
    """Command that remembers the order of texts and values of --image."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as every command does, and remember the order."""
        ctx.meta[_ORDER] = _order_of(self.params, list(args))
        return super().parse_args(ctx, args)


def in_order(ctx: Any, texts: Sequence[str], pictures: Sequence[str]) -> list[tuple[str, bool]]:
    """Texts and pictures in the order given; True marks a picture."""
    left = {False: list(texts), True: list(pictures)}
    return [(left[kind].pop(0), kind) for kind in ctx.meta.get(_ORDER, ()) if left[kind]]


def _order_of(params: Sequence[Any], args: list[str]) -> list[bool]:
    """For each text and picture among arguments, in order, whether it is a picture."""
    options = {name: param for param in params for name in (*param.opts, *param.secondary_opts)}
    order: list[bool] = []
    while args:
        given = args.pop(0)
        if given == "--":
            return order + [False] * len(args)
        if not given.startswith("-") or given == "-":
            order.append(False)
            continue
        is_long = given.startswith("--")
        name, attached, _ = given.partition("=") if is_long else (given[:2], given[2:], "")
        option = options.get(name)
        if option is None or getattr(option, "is_flag", False):
            if not is_long and attached:
                args.insert(0, f"-{attached}")
            continue
        order += [True] * ("--image" in option.opts)
        if not attached and args:
            args.pop(0)
    return order
