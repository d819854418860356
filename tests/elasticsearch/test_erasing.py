"""What is purged, and names that are forgotten, are gone from a real server at the next publish."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch
from test_forgetting import DAY, NAME, NOW, PHONE, PHONE_MAC, add, at, decision, forget, host, state

from wardwatch.outputs.elasticsearch import findings_index
from wardwatch.outputs.elasticsearch_setup import setup
from wardwatch.risk.publishing import Publishing
from wardwatch.running import forgetting
from wardwatch.running.publish import Publish
from wardwatch.store import Store
from wardwatch_enrichment.model import Claim
from wardwatch_enrichment.risk.policy import Policy

Claiming = Callable[..., Claim]


def published(client: Elasticsearch, store: Store, index: str) -> str:
    """Publish, and return all that the server then has in both indices."""
    made = Publish(client, Publishing(store, "here", NOW, Policy()), index)
    made.all()
    assert not made.failures
    both = [index, findings_index(index)]
    client.indices.refresh(index=both)
    return json.dumps(client.search(index=both, size=100)["hits"]["hits"])


@pytest.mark.parametrize("purge", [True, False])
def test_the_server_forgets(
    client: Elasticsearch, store: Store, index: str, claim: Claiming, *, purge: bool
) -> None:
    """The devices' own document, and those of their closed findings; what was decided stays."""
    setup(client, index)
    add(store, *host(claim, PHONE, PHONE_MAC, NAME, NOW - 40 * DAY))
    phone = at(store, PHONE)
    with store.transaction():
        for name in ("f1", "f2"):
            shown = replace(state(phone, finding=name), at=NOW - DAY, closed="gone")
            store.put_states([shown])
        if purge:
            store.decide([decision(phone, "f2")])
    assert published(client, store, index).count(NAME) > 2
    if purge:
        forgetting.purge(store, phone)
    else:
        forget(store)
    left = published(client, store, index)
    assert NAME not in left
    assert (PHONE_MAC in left) != purge
    assert ('"f1"' in left, '"f2"' in left) == (not purge, True)
    assert not store.erased("here")
