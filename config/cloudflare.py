"""Stack configuration of a zone at Cloudflare: which account's it is, and who writes it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from config.base import Model

_ID = re.compile(r"[0-9a-f]{32}")
_URL = re.compile(r"https://\S+[^/\s]|http://(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?(/\S+)?")


def _id(text: str) -> str:
    # Of a stack's configuration no value is shown.
    if not _ID.fullmatch(text):
        msg = "it is no id of Cloudflare; write 32 hex digits, as the zone's overview shows them"
        raise ValueError(msg)
    return text


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        msg = (
            "it is no address of the API; write https://HOST/client/v4, or leave it to the provider"
        )
        raise ValueError(msg)
    return text


CloudflareId = Annotated[str, AfterValidator(_id)]


class ZoneSettings(Model):
    """Where a zone is, and with whose token it is written.

    With ``zone_id`` nothing is looked up. A zone that is made needs ``account``.
    """

    account: CloudflareId | None = None
    zone_id: CloudflareId | None = None
    api_token: SecretStr | None = Field(
        default=None, description="Without it, CLOUDFLARE_API_TOKEN of the environment."
    )
    base_url: Annotated[str, AfterValidator(_url)] | None = Field(
        default=None, description="Another address of the API: for tests."
    )

    @model_validator(mode="after")
    def _says_whose(self) -> ZoneSettings:
        if self.account is None and self.zone_id is None:
            msg = "neither account nor zone_id is there; give one of them"
            raise ValueError(msg)
        return self
