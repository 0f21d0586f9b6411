"""The real pynvml on the machine that runs the tests."""

import subprocess
import sys

import pytest

from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.gpu.nvml import Nvml
from stormdeck.sources.gpu.reader import GpuReader


def driver_here():
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    pynvml.nvmlShutdown()
    return True


def test_a_machine_without_driver_says_so():
    if driver_here():
        pytest.skip("this machine has an NVIDIA driver")
    snapshot = GpuReader(Nvml(), interval_s=1.0).read(0.0, slow=True)
    assert snapshot.state is GpuState.NO_DRIVER
    assert snapshot.gpus == ()


def test_a_machine_with_gpu_gives_its_memory():
    if not driver_here():
        pytest.skip("this machine has no NVIDIA driver")
    reader = GpuReader(Nvml(), interval_s=1.0)
    snapshot = reader.read(0.0, slow=True)
    reader.detach()
    assert snapshot.state in {GpuState.OK, GpuState.NO_GPU, GpuState.NO_PERMISSION}
    assert all(gpu.name.isprintable() for gpu in snapshot.gpus)


def test_every_function_that_is_called_is_one_that_the_binding_has():
    import pynvml

    from fake_nvml import READS

    own = {"nvmlInit", "nvmlShutdown", "nvmlSystemGetDriverVersion", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex"}
    own |= {"nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMigMode", "nvmlDeviceGetUtilizationRates"}
    own |= {"nvmlDeviceGetMigDeviceHandleByIndex"}
    assert [name for name in sorted(own | set(READS)) if not callable(getattr(pynvml, name, None))] == []


def test_the_numbers_that_are_written_out_are_those_of_the_binding():
    import pynvml

    from stormdeck.sources.gpu.nvml import MEMORY_V2, Code

    names = {Code.LIBRARY_MISMATCH: "LIB_RM_VERSION_MISMATCH"}
    found = {code: getattr(pynvml, f"NVML_ERROR_{names.get(code, code.name)}") for code in Code if code > 0}
    assert found == {code: code.value for code in Code if code > 0}
    assert pynvml.nvmlMemory_v2 == MEMORY_V2
    assert (pynvml.NVML_CLOCK_SM, pynvml.NVML_TEMPERATURE_GPU) == (1, 0)


def test_slow_libraries_are_not_imported_before_the_first_look():
    code = "import sys, stormdeck.sources.gpu.sampler; sys.exit(bool({'pynvml', 'psutil'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_binding_is_a_state(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    snapshot = GpuReader(Nvml(), interval_s=1.0).read(0.0, slow=True)
    assert snapshot.state is GpuState.FAILED
    assert "nvidia-ml-py" in snapshot.detail
