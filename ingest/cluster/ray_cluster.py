"""Ray cluster: connection, encoder actors as nodes allow, tasks that read slices.

The one file that knows Ray. Placement, retries after a killed worker or node and the
transport of pages are Ray's: https://docs.ray.io/en/latest/ray-core/walkthrough.html
"""

from __future__ import annotations

import logging
import socket
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ingest.cluster.encoder_actor import EncoderActor, EncoderSpec
from ingest.cluster.slice_task import SliceHead, SliceJob, read_slice
from ingest.error import PageglassError, UnavailableError
from ingest.extras import require
from ingest.files.render import RenderSettings
from ingest.readers.limits import ReadLimits, crashed
from ingest.replica.object_store import ObjectStore

log = logging.getLogger(__name__)

CONNECT = 10.0
"""Seconds in which the head must answer."""
LOOK = 5.0
"""Seconds between looks at what nodes the cluster has."""
RETRIES = 3
"""How often Ray tries a task again whose worker or node ended."""
AHEAD = 2
"""Slices in flight for each CPU of the cluster."""


class ClusterUnreachable(UnavailableError):
    """There is no Ray cluster at the address."""

    code = "cluster-unreachable"


class RayCluster:
    """Connection to a Ray cluster; closing it ends the actors.

    Args:
        address: of the head, HOST:PORT, or "auto" for the cluster of this machine.
        store: where actors write slices.
        gpu_share: of a GPU, what an actor takes where nodes have GPUs.

    Raises:
        MissingExtra, ClusterUnreachable
    """

    def __init__(self, address: str, store: ObjectStore, gpu_share: float = 1.0) -> None:
        require("fsspec", "ray", extra="cluster", feature="Ingest on a Ray cluster")
        import ray

        self._ray = ray
        try:
            if address != "auto":  # Ray itself waits for minutes
                host, _, port = address.rpartition(":")
                socket.create_connection((host, int(port)), CONNECT).close()
            ray.init(
                address,
                namespace=f"pageglass-{uuid.uuid4().hex}",
                configure_logging=False,
                log_to_driver=False,
            )
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
            raise ClusterUnreachable(
                f"There is no Ray cluster at {address!r}: {str(error).splitlines()[0]}",
                hint="Start one with `ray start --head`, or name the address of its head.",
            ) from error
        self._store = store
        self._gpu_share = gpu_share
        self._read: Any = ray.remote(num_returns=2, max_retries=RETRIES)(read_slice)
        self._actors: list[Any] = []
        self._running: dict[Any, int] = {}
        self._looked = float("-inf")
        self._cpus = 1

    def close(self) -> None:
        """End the actors and the connection."""
        for actor in self._actors:
            self._ray.kill(actor)
        self._ray.shutdown()

    @property
    def room(self) -> int:
        """Slices that may be in flight, by the CPUs that there are now."""
        self._look()
        return AHEAD * self._cpus

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of an actor, and wait for its result.

        Raises:
            PageglassError: what the method raised.
        """
        self._look()
        return self.result(getattr(self._actors[0], method).remote(*args))

    def share(self, value: Any) -> Any:
        """Put a value where every node gets it; gives a reference for `start`."""
        return self._ray.put(value)

    def start(
        self,
        data: Any,
        job: SliceJob,
        settings: RenderSettings,
        limits: ReadLimits,
        preparers: Any,
        specs: Sequence[EncoderSpec],
        key: str,
    ) -> Any:
        """Start reading and encoding a slice; `data` and `preparers` are shared values."""
        self._look()
        head, pages = self._read.remote(data, job, settings, limits, preparers)
        load = Counter(self._running.values())
        least = min(range(len(self._actors)), key=lambda at: load[at])
        reference = self._actors[least].encode_slice.remote(head, pages, specs, key)
        self._running[reference] = least
        return reference

    def wait(self, references: Sequence[Any], seconds: float) -> set[Any]:
        """Those of the references that are done, once one of them is or the time is up."""
        done, _ = self._ray.wait(
            list(references), num_returns=1, timeout=seconds, fetch_local=False
        )
        if len(references) > len(done) > 0:
            done, _ = self._ray.wait(list(references), num_returns=len(references), timeout=0)
        return set(done)

    def cancel(self, reference: Any) -> None:
        """Give up a slice."""
        self._running.pop(reference, None)
        self._ray.cancel(reference)

    def finish(self, reference: Any, name: str) -> SliceHead | PageglassError:
        """Result of a slice that is done; `name` is what it reads, for an error's words."""
        self._running.pop(reference, None)
        errors = self._ray.exceptions
        try:
            head: SliceHead | PageglassError = self.result(reference)
        except (
            errors.WorkerCrashedError,
            errors.RayActorError,
            errors.OutOfMemoryError,
            errors.NodeDiedError,
            errors.ObjectLostError,
        ) as error:
            log.warning("a slice was lost each time it was tried: %s", str(error).splitlines()[0])
            return crashed(name)
        return head

    def result(self, reference: Any) -> Any:
        """Value of a reference.

        Raises:
            PageglassError: what the task raised.
        """
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, Exception):
                raise error.cause from error
            raise

    def _look(self) -> None:
        """Take in nodes that came: an actor for each share of a GPU, else one a node."""
        if self._actors and time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        there: Mapping[str, float] = self._ray.cluster_resources()
        self._cpus = max(1, int(there.get("CPU", 1)))
        gpus = there.get("GPU", 0)
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        wanted = max(1, int(gpus / self._gpu_share) if gpus else len(nodes))
        for _ in range(wanted - len(self._actors)):
            self._actors.append(self._make_actor(bool(gpus)))

    def _make_actor(self, on_gpu: bool) -> Any:
        # Without a GPU it takes no CPU of the scheduler's: as on one machine, encoding and
        # reading share the cores.
        options: dict[str, Any] = {
            "num_cpus": 0,
            "num_gpus": self._gpu_share if on_gpu else 0,
            "max_restarts": -1,
            "max_task_retries": RETRIES,
            "scheduling_strategy": "SPREAD",
        }
        return self._ray.remote(**options)(EncoderActor).remote(self._store)
