"""``stackgraph check --images``: what registries know of the images, asked anew each time."""

from __future__ import annotations

from cli.output import note
from components.registry import ask_registries
from graph.model import StackGraph
from graph.platforms import Answer, wanted


def ask(graph: StackGraph) -> dict[str, Answer]:
    """Give the answer for every image that the hosts of a graph pull."""
    references = sorted({image.reference for image in wanted(graph)})
    note(f"asking registries for {len(references)} image{'' if len(references) == 1 else 's'}")
    return ask_registries(references)
