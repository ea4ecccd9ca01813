"""What all models share: frozen, strict about keys, and free of secrets in their texts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen model in which an unknown key is an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=False,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        populate_by_name=True,
    )
