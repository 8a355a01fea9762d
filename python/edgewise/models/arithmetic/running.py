"""Running a traced network operation by operation, so that some of them can be exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.export.graph_signature import InputKind

if TYPE_CHECKING:
    from torch import Tensor

    from .tracing import Program

__all__ = ["Runner"]


class Runner(torch.fx.Interpreter):
    """The operations of a traced network, one after the other.

    Subclasses exchange weights in `weight` and operations in `operate`.

    Parameters
    ----------
    program : Program
        The traced network.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program.exported.graph_module)
        self.program = program
        self.dependent = {program.image}  # names of tensors made from the image
        for node in program.exported.graph_module.graph.nodes:
            if any(source.name in self.dependent for source in node.all_input_nodes):
                self.dependent.add(node.name)

    def weight(self, value: Tensor, kind: str) -> Tensor:
        """Return what to use for a stored tensor; `kind` is ``"parameter"`` or ``"buffer"``."""
        del kind
        return value

    def operate(self, node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        """Return the result of one operation."""
        return node.target(*args, **kwargs)

    def answer(self, image: Tensor) -> Tensor:
        """Return the main output for an image of the traced shape."""
        values = self.run(*(self._given(spec, image) for spec in self._specs()))
        return values[self._index()]

    def run_node(self, n: Any) -> Any:  # noqa: ANN401
        """Run one node of the graph."""
        if n.op != "call_function":
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        return self.operate(n, args, kwargs)

    def _specs(self) -> Any:  # noqa: ANN401
        return self.program.exported.graph_signature.input_specs

    def _given(self, spec: Any, image: Tensor) -> Any:  # noqa: ANN401
        if spec.kind is InputKind.USER_INPUT:
            return image
        exported = self.program.exported
        stored = exported.state_dict.get(spec.target)
        if stored is None:
            stored = exported.constants.get(spec.target)
        if not isinstance(stored, torch.Tensor):
            return stored
        kind = "parameter" if spec.kind is InputKind.PARAMETER else "buffer"
        return self.weight(stored.detach(), kind)

    def _index(self) -> int:
        """Return which of the graph's results is the main output; written buffers come first."""
        specs = self.program.exported.graph_signature.output_specs
        names = [getattr(spec.arg, "name", "") for spec in specs]
        return len(names) - 1 - names[::-1].index(self.program.output)
