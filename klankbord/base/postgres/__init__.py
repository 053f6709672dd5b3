"""An embedded PostgreSQL under our own supervisor; it needs only a folder with PostgreSQL's programs."""

from klankbord.base.postgres.cluster import Cluster

__all__ = ["Cluster"]
