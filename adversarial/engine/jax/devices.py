"""Which devices compute, in this process and others, and where arrays are stored.

Variables are copied to every device; a minibatch is split along its examples. XLA adds the gradients up: nothing of
that is written here.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding

from adversarial.errors import ConfigurationError

AXIS = "examples"


@dataclass(frozen=True)
class Request:
    """The devices to use.

    Attributes
    ----------
    device : {'cpu', 'cuda'}, optional
        What computes; what JAX finds best if None.
    devices : int, default 1
        Devices in each process.
    coordinator : str, optional
        HOST:PORT where the first of several processes listens.
    process, processes : int, default 0 and 1
        Which process of how many this one is, counted from 0.
    timeout : int, default 60
        Seconds to wait for the others.
    """

    device: str | None = None
    devices: int = 1
    coordinator: str | None = None
    process: int = 0
    processes: int = 1
    timeout: int = 60


#: None until `use` was called, which is to be before anything below it.
_request: Request | None = None
_mesh: Mesh | None = None


def _devices_in_use() -> Mesh:
    assert _mesh is not None, "call use() first"
    return _mesh


def _number_of_processes() -> int:
    return 1 if _request is None else _request.processes


def use(request: Request) -> None:
    """Compute on these devices from now on.

    Raises
    ------
    ConfigurationError
        If they do not exist, the coordinator does not answer, or JAX has begun on other ones.
    """
    global _request, _mesh
    if request == _request:
        return
    if _request is not None and (request.coordinator, request.process) != (_request.coordinator, _request.process):
        raise ConfigurationError("JAX already runs in this process, and cannot join other processes any more")
    _prepare(request)
    if request.coordinator is not None and _request is None:
        _join(request)
    found = _devices(request)
    if request.devices > len(found):
        kind = "GPU" if found[0].platform == "gpu" else found[0].platform.upper()
        raise ConfigurationError(f"{request.devices} devices are asked for, but JAX finds {len(found)} {kind} here")
    everywhere = [device for device in jax.devices(found[0].platform) if _index(device) < request.devices]
    _request, _mesh = request, Mesh(np.array(everywhere), (AXIS,))


def _prepare(request: Request) -> None:
    """Set what JAX reads only before its first use."""
    # Full float32 products on GPUs, where XLA would otherwise drop 13 bits.
    jax.config.update("jax_default_matmul_precision", "highest")
    flag = "--xla_force_host_platform_device_count"
    if request.device == "cpu" and request.devices > 1 and flag not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}={request.devices}".strip()
    if request.device == "cpu" and _request is None:
        jax.config.update("jax_platforms", "cpu")


def _devices(request: Request) -> list[jax.Device]:
    """Return the devices of this process, of the kind requested."""
    try:
        return jax.local_devices(backend={None: None, "cpu": "cpu", "cuda": "cuda"}[request.device])
    except RuntimeError as error:
        raise ConfigurationError(
            "the device cuda is not there: JAX finds no NVIDIA GPU that it can use; where there is one, "
            "pip install adversarial[cuda] brings what JAX needs"
        ) from error


def _index(device: jax.Device) -> int:
    """Return the device's index among those of its process."""
    beside = [other.id for other in jax.devices(device.platform) if other.process_index == device.process_index]
    return sorted(beside).index(device.id)


def _join(request: Request) -> None:
    """Meet the other processes."""
    # First without JAX, which would abort this process with a stack trace if one of the others is missing.
    (_call if request.process > 0 else _await_calls)(request)
    try:
        jax.distributed.initialize(
            request.coordinator,
            num_processes=request.processes,
            process_id=request.process,
            initialization_timeout=request.timeout,
        )
    except Exception as error:
        raise ConfigurationError(
            f"process {request.process} of {request.processes} did not meet the others at {request.coordinator} within "
            f"{request.timeout} s; start all of them, with the same address and number"
        ) from error


def _call(request: Request) -> None:
    """Tell process 0 that this one is running."""
    end = time.monotonic() + request.timeout
    while True:
        try:
            with socket.create_connection(_address(request), timeout=max(end - time.monotonic(), 0.1)) as connection:
                connection.sendall(request.process.to_bytes(4, "big"))
            return
        except OSError as error:
            if time.monotonic() + 0.2 > end:
                raise ConfigurationError(
                    f"the coordinator {request.coordinator} does not answer (after {request.timeout} s: "
                    f"{error.strerror or error}); is process 0 running there?"
                ) from error
            time.sleep(0.2)


def _await_calls(request: Request) -> None:
    """Wait until every other process has called."""
    end = time.monotonic() + request.timeout
    missing = set(range(1, request.processes))
    try:
        listener = socket.create_server(_address(request))
    except OSError as error:
        raise ConfigurationError(
            f"the coordinator's address {request.coordinator} cannot be used: {error.strerror or error}"
        ) from error
    with listener:
        while missing and (left := end - time.monotonic()) > 0:
            listener.settimeout(left)
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)  # whoever else calls has nothing to say
                    missing.discard(int.from_bytes(connection.recv(4), "big"))
            except OSError:
                continue
    if missing:
        absent = ", ".join(map(str, sorted(missing)))
        raise ConfigurationError(
            f"of {request.processes} processes these did not come to {request.coordinator} within {request.timeout} s: "
            f"{absent}; start all of them, with the same address and number"
        )


def _address(request: Request) -> tuple[str, int]:
    host, _, port = (request.coordinator or "").rpartition(":")
    return host, int(port)


def count() -> int:
    """Return the number of devices, of all processes together."""
    return _devices_in_use().size


def description() -> str:
    """Return the devices, for people: '4 CPU devices in 2 processes'."""
    device = _devices_in_use().devices.flat[0]
    kind = "CPU" if device.platform == "cpu" else device.device_kind
    words = kind if count() == 1 else f"{count()} {kind} devices"
    return words if _number_of_processes() == 1 else f"{words} in {_number_of_processes()} processes"


def everywhere() -> Sharding:
    """Return the sharding of variables: a copy on every device."""
    mesh = _devices_in_use()
    return SingleDeviceSharding(mesh.devices.flat[0]) if mesh.size == 1 else NamedSharding(mesh, PartitionSpec())


def _split(ndim: int, axis: int) -> Sharding:
    return NamedSharding(_devices_in_use(), PartitionSpec(*[None] * axis, AXIS, *[None] * (ndim - axis - 1)))


def put(value: np.ndarray, axis: int | None = None) -> jax.Array:
    """Return an array on every device: whole, or split along `axis` if the devices divide its length."""
    value = np.asarray(value)
    sharding = everywhere()
    if axis is not None and count() > 1 and value.shape[axis] % count() == 0:
        sharding = _split(value.ndim, axis)
    if _number_of_processes() > 1:
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])
    return jax.device_put(value, sharding)


def split(value: jax.Array, axis: int = 0) -> jax.Array:
    """Let each device compute its part along `axis` in a compiled function, if they divide its length."""
    if count() == 1 or value.ndim == 0 or value.shape[axis] % count():
        return value
    return jax.lax.with_sharding_constraint(value, _split(value.ndim, axis))


def fits(size: int) -> bool:
    """Return whether an array of `size` bytes may stay on each device: a quarter of its memory, 2 GiB if unknown."""
    statistics = _devices_in_use().local_devices[0].memory_stats() or {}
    return size <= statistics.get("bytes_limit", 1 << 33) // 4


def agreed(value: int) -> int:
    """Return the first process's value, in all of them."""
    return value if _number_of_processes() == 1 else int(multihost_utils.broadcast_one_to_all(np.int32(value)))


def anywhere(flag: bool) -> bool:
    """Return whether `flag` is set in any process."""
    return flag if _number_of_processes() == 1 else bool(np.any(multihost_utils.process_allgather(np.asarray(flag))))
