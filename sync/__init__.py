"""How records travel: the signed change log, the fold, the projection and the protocol's two ends.

Plain functions and small stores. This room knows neither Flask nor Datasette and imports of the
other rooms only ``schemas``.
"""
