"""Risks of a change: what they are about, what they say, and what leads there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from preview.change import Change, Changes


class Family(StrEnum):
    """What a risk is about, the gravest first."""

    DATA = "data"
    """Data that is lost, or left behind where nothing uses it any more."""
    REACH = "reach"
    """Something that more places can reach than before."""
    PROTECTION = "protection"
    """A guard that goes, or a grant that comes."""
    SECRETS = "secrets"
    """A secret that changes, goes, is shown, or is given to somebody else."""
    IDENTITY = "identity"
    """A host, address, name or certificate that is another one than before."""
    DOWNTIME = "downtime"
    """Something that others use, and cannot for a while."""


TITLES = {
    Family.DATA: "Data loss",
    Family.REACH: "Wider reach",
    Family.PROTECTION: "Weaker protection",
    Family.SECRETS: "Secrets",
    Family.IDENTITY: "Identity",
    Family.DOWNTIME: "Downtime",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Something that a change may do to the running system.

    ``subject`` and ``fact`` make a sentence: ``n8n/postgres`` ``loses its data``. ``chain`` are the
    sentences that lead to it, the first cause first; empty where the change says it all. ``urns``
    are the resources whose changes are behind it. ``evidence`` is what else an acceptance is bound
    to: the values that were and will be, as far as the files say them. What only a deployment tells
    (ids, suffixes) is no evidence: the offline plan and the real preview of a change have the same.
    """

    family: Family
    subject: str
    fact: str
    chain: tuple[str, ...] = ()
    urns: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def digest(self, changes: Changes) -> str:
        """Give what an acceptance is bound to: this risk, by exactly these changes, on this stack.

        The same words about another image, another subnet or another port have another digest; in
        which order a preview tells has no influence. 12 hexadecimal digits.
        """
        said = [self.family, self.subject, self.fact, *self.chain]
        content = [changes.project, changes.stack, said, sorted(self.evidence)]
        text = json.dumps(content, ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]

    def __str__(self) -> str:
        return f"{self.subject} {self.fact}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What is to be thought of a change.

    ``routine`` are the changes that no risk is about. ``unclear`` says, a line each, why something
    cannot be told; where there is one, nobody may conclude that all is well.
    """

    changes: Changes
    risks: tuple[Risk, ...]
    routine: tuple[Change, ...]
    unclear: tuple[str, ...] = ()
