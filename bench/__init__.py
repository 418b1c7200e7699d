"""Measurements of this project beside its peers. They judge nothing; ``docs/performance.md``."""
