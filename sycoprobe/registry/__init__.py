"""Facts about models: who trained them, how and when, each with its source. Shipped, and a user's own on top."""

from sycoprobe.registry.facts import OWN_FILE, Facts, Family, Registry, Source, Stage, registry

__all__ = ["OWN_FILE", "Facts", "Family", "Registry", "Source", "Stage", "registry"]
