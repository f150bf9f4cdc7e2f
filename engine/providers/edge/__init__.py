"""How adapters speak HTTP: deadlines that hold, outbound limits, breakers and access tokens shared by all workers."""
